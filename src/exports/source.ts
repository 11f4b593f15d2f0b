import type { ZodType } from "zod";
import type { Role } from "../caller";
import type { Task } from "../tasks/model/define";
import type { Engine } from "../tasks/model/engine";
import type { Format, FormatName } from "./formats";

/** What can be exported: what may be asked for, how it is read, and how it is written. */
export interface ExportSource<Input extends { formato: FormatName }, Row, Place> {
  /** The name of the task that exports it. */
  name: string;
  description: string;
  input: ZodType<Input>;
  startedBy: Role | null;
  /** What its files are called, before the day. */
  fileName: string;
  formats(engine: Engine): Record<FormatName, Format<Row>>;
  walk(db: D1Database, task: Pick<Task<Input>, "input" | "createdAt">): Walk<Row, Place>;
}

/** Rows in an order that does not change under the walk; a place in it goes through JSON. */
interface Walk<Row, Place> {
  /** How many there are; null when they are too many to be counted first. */
  count(): Promise<number | null>;
  /** All that follow a place, in pages of bounded size, each read in bounded steps. */
  pages(after: Place | null): AsyncIterable<WalkPage<Row, Place>>;
  placeOf(row: Row): Place;
}

export interface WalkPage<Row, Place> {
  rows: Row[];
  /** Where the page ends: behind its last row, or further. */
  end: Place;
  /** About how much of the walk is behind its end, in percent, where that is known. */
  passed?: number;
}

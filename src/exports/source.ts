import type { ZodType } from "zod";
import type { Role } from "../caller";
import type { Task } from "../tasks/model/define";
import type { Engine } from "../tasks/model/engine";
import type { shownDamage } from "../archive/find";
import type { Format, FormatName } from "./formats";

/** ExportSource can be exported: what may be asked for, how it is read, how it is written. */
export interface ExportSource<Input extends { formato: FormatName }, Row, Place> {
  /** The name of the task that exports it. */
  name: string;
  description: string;
  input: ZodType<Input>;
  startedBy: Role | null;
  /** The beginning of its files' names, before the day. */
  fileName: string;
  formats(engine: Engine): Record<FormatName, Format<Row>>;
  walk(env: Env, task: Pick<Task<Input>, "input" | "createdAt">): Walk<Row, Place>;
}

/** Walk goes through rows in an order that stays the same. A place in it goes through JSON. */
interface Walk<Row, Place> {
  /** Counts the rows; null when there are too many to be counted first. */
  count(): Promise<number | null>;
  /** Reads all rows that follow a place, in pages of bounded size, each in bounded steps. */
  pages(after: Place | null): AsyncIterable<WalkPage<Row, Place>>;
  placeOf(row: Row): Place;
}

export type Damage = ReturnType<typeof shownDamage>;

/** A page that reads the archive too makes up to 60 calls of R2, of the 1,000 that an invocation has. */
export const ARCHIVE_TURNS = 5;

/** Rows of a page that reads the archive too: about what a member of it holds. */
export const PAGE_ARCHIVED = 500;

export interface WalkPage<Row, Place> {
  rows: Row[];
  /** The place where the page ends: behind its last row, or further. */
  end: Place;
  /** The share of the walk that is behind its end, in percent, if that is about known. */
  passed?: number;
  /** How many pages it counts as in a slice. */
  turns?: number;
  /** Archived records on its way that cannot be read. */
  damage?: Damage[];
}

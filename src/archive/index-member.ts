/** What an index says of a member is made of the member's records. */
import { fold } from "../lib/fold";
import { bloomOf } from "./bloom";
import type { Member } from "./index-file";
import type { KeptRow, TaskRecord } from "./record";

/** A member with more names of tasks than this lists none. */
const MAX_NAMES = 50;

/** Returns the words by which a customer is found in the archive: whole ones, folded. */
export function customerWords(name: string): string[] {
  return fold(name)
    .split(" ")
    .filter((word) => word !== "");
}

export type Described = Omit<Member, "offset" | "length" | "sha256">;

/** Describes records in order of id, of which there is at least one. */
export function describeTasks(records: readonly TaskRecord[]): Described {
  const tasks = records.map(({ rows }) => rows.task);
  const orders = records.flatMap(({ rows }) => (rows.order ? [rows.order] : []));
  const processed = orders.map(({ processed_at }) => Number(processed_at));
  const names = new Set(texts(tasks, "name"));
  return {
    records: records.length,
    first_id: String(tasks[0]?.["id"]),
    last_id: String(tasks.at(-1)?.["id"]),
    first_processed_at: processed.length === 0 ? null : Math.min(...processed),
    last_processed_at: processed.length === 0 ? null : Math.max(...processed),
    statuses: [...new Set(texts(tasks, "status"))],
    names: names.size > MAX_NAMES ? null : [...names],
    filters: {
      ids: bloomOf(new Set([...texts(tasks, "id"), ...texts(tasks, "external_id")])),
      orders: bloomOf(new Set([...texts(tasks, "subject"), ...texts(orders, "id")])),
      customers: bloomOf(new Set(texts(orders, "customer").flatMap(customerWords))),
    },
  };
}

function texts(rows: readonly KeptRow[], column: string): string[] {
  return rows.flatMap(({ [column]: value }) => (typeof value === "string" ? [value] : []));
}

/** A walk goes through every task of a filter, newest first, in steps of bounded size. */
import { sql } from "../../db/sql";
import { type PageKey, MAX_SCANNED, type Page } from "../../http/paging";
import { firstIdAt, timeOf } from "../../lib/ids";
import { lookAtTasks, nextAfter } from "./list";
import type { TaskFilter } from "./task-filter";

/** Lists the ids of tasks that follow a place, up to MAX_SCANNED; a page may be empty. */
export async function nextTaskIds(
  db: D1Database,
  filter: TaskFilter,
  after: PageKey | null,
): Promise<Page<string>> {
  const page = await nextTasks(db, filter, after);
  return { ...page, rows: page.rows.map(({ id }) => id) };
}

/** Lists the tasks that follow a place, with the sizes of their large fields. */
export function nextTasks(
  db: D1Database,
  filter: TaskFilter,
  after: PageKey | null,
): Promise<Page<{ id: string; bytes: number }>> {
  return lookAtTasks(db, filter, { limit: MAX_SCANNED, cursor: after && nextAfter(after) });
}

/** Counts the tasks that match; null when that takes more than `steps` steps. */
export async function countInSteps(
  db: D1Database,
  filter: TaskFilter,
  steps: number,
): Promise<number | null> {
  let total = 0;
  let after: PageKey | null = null;
  for (let step = 0; step < steps; step += 1) {
    const page: Page<string> = await nextTaskIds(db, filter, after);
    total += page.rows.length;
    after = page.next;
    if (after === null) {
      return total;
    }
  }
  return null;
}

/**
 * Returns a function that tells how much of the filter's time, in percent, a place has passed. The
 * walk goes back to `oldest`, though D1 may not.
 */
export async function passedBy(
  db: D1Database,
  filter: TaskFilter & { before: number },
  oldest = Infinity,
): Promise<(place: PageKey | null) => number> {
  const first = Math.min(oldest, (await firstTaskAt(db, filter.from)) ?? filter.before);
  const span = Math.max(1, filter.before - first);
  return (place) =>
    place === null ? 100 : ((filter.before - timeOf(String(place[0]))) / span) * 100;
}

const FIRST = sql("SELECT id FROM tasks WHERE id >= :from ORDER BY id LIMIT 1");

/** Returns when the first task from that moment on was accepted; null when there is none. */
async function firstTaskAt(db: D1Database, from = 0): Promise<number | null> {
  const id = await FIRST.on(db, { from: firstIdAt(from) }).first<string>("id");
  return id === null ? null : timeOf(id);
}

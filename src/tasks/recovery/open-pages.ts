import { sql, type Values } from "../../db/sql";
import type { TaskColumns } from "../model/schema";

const ROWS = 1000;
/** An invocation may ask D1 a thousand times, and a page costs a read and a write. */
const MAX_PAGES = 200;

/**
 * Goes through the ids of open tasks that `select`, bound to `values`, finds with a `check_at` of
 * `:from` or later, in that order, a thousand at a time. The caller must move back the `check_at` of
 * each page before it asks for the next, or it would find the same rows again.
 */
export async function* openPages(
  db: D1Database,
  select: string,
  values: Values,
  after: number,
): AsyncGenerator<string[]> {
  const names = [...Object.keys(values), "from"];
  const page = sql(`${select} ORDER BY check_at LIMIT ${ROWS}`, names);
  let from = after + 1;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const { results } = await page
      .on(db, { ...values, from })
      .all<Pick<TaskColumns, "id" | "check_at">>();
    if (results.length > 0) {
      yield results.map(({ id }) => id);
    }
    if (results.length < ROWS) {
      return;
    }
    from = results.at(-1)?.check_at ?? from;
  }
}

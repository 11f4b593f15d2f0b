import { sql, type Values } from "../../db/sql";
import type { TaskColumns } from "../model/schema";

/** Going through open tasks of which what is done to each moves its `check_at` back. */
const ROWS = 1000;
/** With a statement to read and one to change each: an invocation may ask D1 a thousand. */
const MAX_PAGES = 200;

/**
 * The ids of rows that `select`, bound to `values`, finds with a `check_at` of `:from` or later, in
 * order of that, a thousand at a time. What is yielded must be changed before the next page is asked
 * for.
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

import { sql } from "../../db/sql";
import type { OrderColumns } from "../order/schema";

const STORED = sql(`
SELECT o.task_id FROM json_each(:tasks) t JOIN orders o ON o.id = t.value ->> 'subject'
WHERE o.task_id = t.value ->> 'id'`);

/** Returns the given tasks whose order is in the database: stored, and not deleted since. */
export async function tasksWithOrder(
  db: D1Database,
  tasks: readonly { id: string; subject: string | null }[],
): Promise<Set<string>> {
  const asked = JSON.stringify(tasks.map(({ id, subject }) => ({ id, subject })));
  const { results } = await STORED.on(db, { tasks: asked }).all<Pick<OrderColumns, "task_id">>();
  return new Set(results.map((row) => row.task_id));
}

import { sql } from "../../db/sql";
import type { TaskView } from "../../tasks/model/queries";
import type { OrderColumns } from "../order/schema";

const STORED = sql(`
SELECT o.task_id FROM json_each(:tasks) t JOIN orders o ON o.id = t.value ->> 'subject'
WHERE o.task_id = t.value ->> 'id'
UNION ALL
SELECT t.value ->> 'id' FROM json_each(:archived) t
WHERE NOT EXISTS (SELECT 1 FROM deleted_orders d WHERE d.id = t.value ->> 'subject')`);

/** Returns the given tasks whose order is stored, archived or not, and not deleted since. */
export async function tasksWithOrder(
  db: D1Database,
  tasks: readonly Pick<TaskView, "id" | "subject" | "archived">[],
): Promise<Set<string>> {
  const asked = (some: typeof tasks) =>
    JSON.stringify(some.map(({ id, subject }) => ({ id, subject })));
  const here = asked(tasks.filter(({ archived }) => archived === undefined));
  const gone = asked(tasks.filter(({ archived }) => archived?.withOrder));
  const read = STORED.on(db, { tasks: here, archived: gone });
  const { results } = await read.all<Pick<OrderColumns, "task_id">>();
  return new Set(results.map((row) => row.task_id));
}

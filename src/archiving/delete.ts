/** Rows are deleted from D1 once the archive was proven to hold them. */
import type { TaskRecord } from "../archive/record";
import { retryD1 } from "../db/retry";
import { sql } from "../db/sql";
import { confirmStored } from "../orders/pipeline/registry";
import { ROW_VERSION } from "../tasks/model/row-version";
import { MAY_LEAVE } from "./due";

/**
 * The rows of the task and of its order must be those that were archived. An order that was
 * deleted, or stored since, keeps its task for a later generation.
 */
const DELETE_TASKS = sql(
  `DELETE FROM tasks WHERE id IN (
  SELECT t.id FROM json_each(:rows) r CROSS JOIN tasks t ON t.id = r.value ->> 0
  WHERE ${ROW_VERSION} = r.value ->> 1 AND ${MAY_LEAVE} AND r.value ->> 3 IS (
    SELECT o.hash FROM orders o WHERE o.id = t.subject AND o.task_id = t.id))`,
  ["rows"],
);
const DELETE_ORDERS = sql(`
DELETE FROM orders WHERE id IN (
  SELECT o.id FROM json_each(:rows) r CROSS JOIN orders o ON o.id = r.value ->> 2
  WHERE o.task_id = r.value ->> 0 AND o.hash = r.value ->> 3
    AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = o.task_id))`);

/**
 * Deletes the rows of these records that are as they were archived, each with its order, in one
 * transaction. A repeat does nothing. Orders that the registry does not confirm stay, with their
 * tasks.
 */
export async function deleteArchived(
  env: Env,
  records: readonly TaskRecord[],
): Promise<{ deleted: number; unconfirmed: number }> {
  const claims = records.flatMap(({ rows: { task, order } }) =>
    order ? [{ orderId: String(order["id"]), taskId: String(task["id"]) }] : [],
  );
  const confirmed = claims.length === 0 ? new Set() : await confirmStored(env, claims);
  const rows = records
    .filter(({ rows: { order } }) => order === null || confirmed.has(String(order["id"])))
    .map(({ rows: { task, order }, version }) => [
      task["id"],
      version,
      order?.["id"] ?? null,
      order?.["hash"] ?? null,
    ]);
  const given = { rows: JSON.stringify(rows) };
  const [tasks] = await retryD1(env.DB, () =>
    env.DB.batch([DELETE_TASKS.on(env.DB, given), DELETE_ORDERS.on(env.DB, given)]),
  );
  return { deleted: tasks?.meta.changes ?? 0, unconfirmed: claims.length - confirmed.size };
}

/** Tasks that ended become records of the archive, whole. */
import type { KeptRow, TaskRecord } from "../archive/record";
import { sql } from "../db/sql";
import { toPedido } from "../orders/order/contract";
import type { OrderColumns } from "../orders/order/schema";
import type { Engine } from "../tasks/model/engine";
import { ROW_VERSION } from "../tasks/model/row-version";
import { WITH_NAMES, type TaskRow } from "../tasks/model/queries";
import { toOneExecution } from "../tasks/reading/one-execution";

const TASKS = sql(
  `SELECT t.*, ${WITH_NAMES}, ${ROW_VERSION} AS version
FROM json_each(:ids) m JOIN tasks t ON t.id = m.value`,
  ["ids"],
);
const ORDERS = sql(`
SELECT o.* FROM json_each(:ids) m JOIN tasks t ON t.id = m.value
JOIN orders o ON o.id = t.subject AND o.task_id = t.id`);

type Row = TaskRow & KeptRow & { version: string };

/** Returns the records of tasks, in order of id. Tasks that are gone have none. */
export async function recordsOf(
  db: D1Database,
  ids: readonly string[],
  engine: Engine,
): Promise<TaskRecord[]> {
  const given = { ids: JSON.stringify(ids) };
  const [tasks, orders] = await db.batch<KeptRow>([TASKS.on(db, given), ORDERS.on(db, given)]);
  const orderOf = new Map((orders?.results ?? []).map((row) => [row["task_id"], row]));
  const rows = (tasks?.results ?? []) as Row[];
  return Promise.all(
    rows
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((row) => recordOf(db, row, orderOf.get(row.id) ?? null, engine)),
  );
}

async function recordOf(
  db: D1Database,
  row: Row,
  order: KeptRow | null,
  engine: Engine,
): Promise<TaskRecord> {
  const { user_name: _name, unread: _unread, version, ...task } = row;
  return {
    task: await toOneExecution(db, { ...row, running: null }, engine),
    order: order && toPedido(order as unknown as OrderColumns),
    rows: { task, order },
    version,
  };
}

import { sql } from "../../db/sql";
import type { Commit } from "../../tasks/model/define";
import { HELD } from "../../tasks/model/leases";
import { fold } from "../../lib/fold";
import { sha256Hex } from "../../lib/hex";
import { canonicalText } from "../order/hash";
import type { PricedOrder, StoredOrder } from "../order/order";

/** Stage 4 makes what will be stored; `commitOrders` stores it, inside settle. */
export async function toStored(order: PricedOrder, processedAt: number): Promise<StoredOrder> {
  return { ...order, hash: await sha256Hex(canonicalText(order)), processedAt };
}

/** This SQL gives the task that stored the order of task row `t`, even if it was deleted since. */
const OWNER = `
  SELECT task_id FROM orders WHERE id = t.subject
  UNION ALL SELECT task_id FROM deleted_orders WHERE id = t.subject LIMIT 1`;

/**
 * These statements rename what is known under another form of a canonical id, from [id, task, form] of
 * `:rows`, as ids were once kept as sent. An order whose id is taken keeps its form, as do its tasks.
 */
export const RENAME = [
  sql(
    `UPDATE OR IGNORE orders SET id = value ->> 0 FROM json_each(:rows) WHERE orders.id = value ->> 2`,
  ),
  sql(`UPDATE OR IGNORE deleted_orders SET id = value ->> 0 FROM json_each(:rows)
   WHERE deleted_orders.id = value ->> 2`),
  sql(`UPDATE tasks SET subject = value ->> 0 FROM json_each(:rows)
   WHERE tasks.subject = value ->> 2 AND tasks.subject NOT IN (SELECT id FROM orders)`),
];
/** This statement renames the held tasks that store these orders now. */
const RENAME_HELD = sql(`UPDATE tasks SET subject = value ->> 0 FROM json_each(:rows)
   WHERE tasks.id = value ->> 1 AND tasks.subject <> value ->> 0 AND +tasks.id IN (${HELD})`);
const INSERT = sql(`
INSERT INTO orders (id, task_id, hash, customer, customer_folded, lines, currency, subtotal,
  discount, total, processed_at)
SELECT value ->> 0, value ->> 1, value ->> 3, value ->> 4, value ->> 5, value -> 6, value ->> 7,
  value ->> 8, value ->> 9, value ->> 10, value ->> 11
FROM json_each(:rows)
WHERE value ->> 1 IN (${HELD}) AND value ->> 0 NOT IN (SELECT id FROM deleted_orders)
ON CONFLICT (id) DO NOTHING`);

/**
 * Orders are written in the transaction that makes their tasks SUCCESS. The primary key decides on
 * uniqueness: a task whose order id another task stored becomes FAILURE, naming that task.
 */
export const commitOrders: Commit<StoredOrder> = {
  before: (rows) => (rows.some(hasOtherForm) ? [...RENAME, RENAME_HELD] : []),
  insert: [INSERT],
  conflict: `
    SELECT CASE WHEN o.task_id IS t.id THEN NULL ELSE json_object(
      'code', 'duplicate_order',
      'message', 'This order id is already stored, by task ' || o.task_id,
      'detail', json_object('stage', 'persist', 'field', 'id', 'winner', o.task_id)) END
    FROM (SELECT (${OWNER}) AS task_id) o`,
  row: (order, taskId) => [
    order.id,
    taskId,
    otherForm(order.id),
    order.hash,
    order.customer,
    fold(order.customer),
    order.lines.map(({ sku, quantity, title, unitPrice }) => ({ sku, quantity, title, unitPrice })),
    order.currency,
    order.subtotal,
    order.discount,
    order.total,
    order.processedAt,
  ],
};

const hasOtherForm = (row: unknown) => Array.isArray(row) && row[2] !== null;

/** Returns the other form in which an id may be stored: as it came, decomposed. Null for most. */
function otherForm(id: string): string | null {
  const form = id.normalize("NFD");
  return form === id ? null : form;
}

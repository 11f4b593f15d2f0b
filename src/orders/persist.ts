import type { Commit } from "../tasks/define";
import { HELD } from "../tasks/leases";
import { canonicalText, sha256Hex } from "./hash";
import type { PricedOrder, StoredOrder } from "./order";

/** Stage 4, first half: what will be stored. The second half is `commitOrders`, inside settle. */
export async function toStored(order: PricedOrder, processedAt: number): Promise<StoredOrder> {
  return { ...order, hash: await sha256Hex(canonicalText(order)), processedAt };
}

/**
 * Writes orders in the transaction that makes their tasks SUCCESS. The primary key is the last
 * word on uniqueness: a task whose order id another task stored becomes FAILURE, naming that task.
 */
export const commitOrders: Commit<StoredOrder> = {
  insert: [
    `INSERT INTO orders (id, task_id, hash, customer, lines, currency, subtotal, discount, total,
       processed_at)
     SELECT value ->> 'id', value ->> 'task_id', value ->> 'hash', value ->> 'customer',
       value -> 'lines', value ->> 'currency', value ->> 'subtotal', value ->> 'discount',
       value ->> 'total', value ->> 'processed_at'
     FROM json_each(?2) WHERE value ->> 'task_id' IN (${HELD})
     ON CONFLICT (id) DO NOTHING`,
  ],
  conflict: `
    SELECT CASE WHEN o.task_id IS t.id THEN NULL ELSE json_object(
      'code', 'duplicate_order',
      'message', 'This order id is already stored, by task ' || o.task_id,
      'detail', json_object('stage', 'persist', 'field', 'id', 'winner', o.task_id)) END
    FROM (SELECT 1) LEFT JOIN orders o ON o.id = t.subject`,
  row: (order, taskId) => ({
    id: order.id,
    task_id: taskId,
    hash: order.hash,
    customer: order.customer,
    lines: order.lines.map(({ sku, quantity, title, unitPrice }) => ({
      sku,
      quantity,
      title,
      unitPrice,
    })),
    currency: order.currency,
    subtotal: order.subtotal,
    discount: order.discount,
    total: order.total,
    processed_at: order.processedAt,
  }),
};

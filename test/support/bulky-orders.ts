import { env } from "cloudflare:workers";
import { fold } from "../../src/lib/fold";

export interface Bulk {
  count: number;
  /** `bytes` is the size of one order's lines. */
  bytes?: number;
  customer?: string;
  /**
   * `processedAt` is the first order's time. It grows by one for every three that follow, so many
   * share a moment.
   */
  processedAt: number;
}

let last = 0;

/**
 * Inserts processed orders with lines of such a size straight into the database. Returns their ids.
 */
export async function storeBulkyOrders(bulk: Bulk): Promise<string[]> {
  const { count, bytes = 200, customer = "José Ñandú", processedAt } = bulk;
  const first = last + 1;
  last += count;
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
     INSERT INTO orders (id, task_id, hash, customer, customer_folded, lines, currency, subtotal,
       discount, total, processed_at)
     SELECT printf('A-%07d', CAST(?1 AS INTEGER) + i), 'task of ' || (CAST(?1 AS INTEGER) + i), 'hash', ?3, ?6,
       json_array(json_object('sku', 'P001', 'quantity', 1 + i % 7, 'unitPrice', 10995,
         'title', 'Número ' || i || ' ' || ?4)),
       'USD', 10995, 0, 10995, ?5 + i / 3
     FROM n`,
  )
    .bind(first, count, customer, "ñ".repeat(Math.ceil(bytes / 2)), processedAt, fold(customer))
    .run();
  return Array.from({ length: count }, (_, index) => `A-${String(first + index).padStart(7, "0")}`);
}

import { Conditions } from "../../db/conditions";
import { formsOf } from "../../lib/fold";

export interface OrderRow {
  id: string;
  task_id: string;
  hash: string;
  customer: string;
  lines: string;
  currency: string;
  subtotal: number;
  discount: number;
  total: number;
  processed_at: number;
}

/** Without its lines, of which there may be 200. */
export type OrderSummary = Omit<OrderRow, "lines"> & { line_count: number };

/** By its id, in whichever form of Unicode. */
export async function getOrder(db: D1Database, id: string): Promise<OrderRow | null> {
  const where = new Conditions();
  where.addAny("id", formsOf(id));
  return db
    .prepare(`SELECT * FROM orders WHERE ${where.sql} ORDER BY id = ? DESC LIMIT 1`)
    .bind(...where.values, id)
    .first<OrderRow>();
}

const COLUMNS = {
  whole: "o.*",
  summary: `o.id, o.task_id, o.hash, o.customer, o.currency, o.subtotal, o.discount, o.total,
    o.processed_at, json_array_length(o.lines) AS line_count`,
};

/** Those that exist, in the order asked for. */
export async function getOrders<Row extends { id: string }>(
  db: D1Database,
  columns: keyof typeof COLUMNS,
  ids: readonly string[],
): Promise<Row[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS[columns]} FROM json_each(?1) m JOIN orders o ON o.id = m.value`)
    .bind(JSON.stringify(ids))
    .all<Row>();
  const byId = new Map(results.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

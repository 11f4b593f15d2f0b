import { Conditions } from "../db/conditions";
import { formsOf } from "../lib/fold";

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

/** By its id, in whichever form of Unicode. */
export async function getOrder(db: D1Database, id: string): Promise<OrderRow | null> {
  const where = new Conditions();
  where.addAny("id", formsOf(id));
  return db
    .prepare(`SELECT * FROM orders WHERE ${where.sql} ORDER BY id = ? DESC LIMIT 1`)
    .bind(...where.values, id)
    .first<OrderRow>();
}

/** Those that exist, in the order asked for. */
export async function getOrders(db: D1Database, ids: readonly string[]): Promise<OrderRow[]> {
  const { results } = await db
    .prepare("SELECT o.* FROM json_each(?1) m JOIN orders o ON o.id = m.value")
    .bind(JSON.stringify(ids))
    .all<OrderRow>();
  const byId = new Map(results.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

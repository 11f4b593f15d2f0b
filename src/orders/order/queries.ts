import { AppError } from "../../http/errors";
import { Conditions } from "../../db/conditions";
import { sql, statement } from "../../db/sql";
import { formsOf } from "../../lib/fold";
import type { OrderColumns } from "./schema";

/** OrderRow is what is shown of an order's row. */
export type OrderRow = Omit<OrderColumns, "customer_folded"> & {
  /** The order has left D1 and this is its copy, made then if that is known. */
  archived?: { at?: number | undefined };
};

/** OrderSummary is an order's row without its lines, of which there may be 200. */
export type OrderSummary = Omit<OrderRow, "lines"> & { line_count: number };

export function orderNotFound(id: string): AppError {
  return new AppError(404, "order_not_found", `There is no processed order ${id}`);
}

/** Finds an order by its id, in any form of Unicode. */
export async function getOrder(db: D1Database, id: string): Promise<OrderRow | null> {
  const where = new Conditions();
  where.addAny("id", formsOf(id));
  const text = `SELECT * FROM orders WHERE ${where.sql} ORDER BY id = :id DESC LIMIT 1`;
  return statement(db, text, where.values, { id }).first<OrderRow>();
}

const OF_IDS = "FROM json_each(:ids) m JOIN orders o ON o.id = m.value";
const READ = {
  whole: sql(`SELECT o.* ${OF_IDS}`),
  summary: sql(`
SELECT o.id, o.task_id, o.hash, o.customer, o.currency, o.subtotal, o.discount, o.total,
  o.processed_at, json_array_length(o.lines) AS line_count ${OF_IDS}`),
};

/** Reads the orders that exist, in the order of `ids`. */
export async function getOrders<Row extends { id: string }>(
  db: D1Database,
  columns: keyof typeof READ,
  ids: readonly string[],
): Promise<Row[]> {
  const { results } = await READ[columns].on(db, { ids: JSON.stringify(ids) }).all<Row>();
  const byId = new Map(results.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

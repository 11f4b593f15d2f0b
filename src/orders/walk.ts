/** Reading every order of a filter, oldest first, in pages of bounded size. */
import { inRange, type OrderFilter, type OrderRow, rangePast } from "./queries";

export type WalkFilter = Omit<OrderFilter, "search">;

/** An order's place in the walk. */
export type Place = readonly [processedAt: number, id: string];

const PAGE_ORDERS = 500;
/** An order has up to 200 lines: a page of the largest would be tens of megabytes. */
const PAGE_BYTES = 1_000_000;

/** The orders that follow `after`; none when the walk is over. */
export async function nextOrders(
  db: D1Database,
  filter: WalkFilter,
  after: Place | null,
): Promise<OrderRow[]> {
  const [processedAt = 0, id = ""] = after ?? [];
  const where = rangePast(filter, after && { processed_at: processedAt, id }, true);
  const { results } = await db
    .prepare(
      `SELECT o.* FROM (
         SELECT id, sum(bytes) OVER (ORDER BY processed_at, id) - bytes AS before FROM (
           SELECT id, processed_at, octet_length(lines) AS bytes FROM orders WHERE ${where.sql}
           ORDER BY processed_at, id LIMIT ${PAGE_ORDERS}
         )
       ) p CROSS JOIN orders o ON o.id = p.id
       WHERE p.before < ${PAGE_BYTES} ORDER BY o.processed_at, o.id`,
    )
    .bind(...where.values)
    .all<OrderRow>();
  return results;
}

export async function countOrders(db: D1Database, filter: WalkFilter): Promise<number> {
  const where = inRange(filter);
  const row = await db
    .prepare(`SELECT count(*) AS n FROM orders WHERE ${where.sql}`)
    .bind(...where.values)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

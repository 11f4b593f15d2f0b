/** A walk reads every order of a filter, oldest first, in pages of bounded size. */
import { statement } from "../../db/sql";
import { fold } from "../../lib/fold";
import { hasUnfolded } from "../pipeline/fold-customers";
import type { OrderRow } from "../order/queries";
import { inRange, type OrderFilter, rangePast } from "./range";

export type WalkFilter = Omit<OrderFilter, "search">;

export type WalkPlace = readonly [processedAt: number, id: string];

const PAGE_ORDERS = 500;
/** A page is bounded in bytes too, as the largest orders would make tens of megabytes. */
export const PAGE_BYTES = 1_000_000;

/** Reads the orders that follow `after`, and where they end; null when the walk is over. */
export async function nextOrders(
  db: D1Database,
  filter: WalkFilter,
  after: WalkPlace | null,
): Promise<{ rows: OrderRow[]; end: WalkPlace } | null> {
  const [processedAt = 0, id = ""] = after ?? [];
  const findable = await inIndex(db, filter);
  const where = rangePast(findable, after && { processed_at: processedAt, id }, true);
  const { results } = await statement(
    db,
    `SELECT o.* FROM (
       SELECT id, sum(bytes) OVER (ORDER BY processed_at, id) - bytes AS before FROM (
         SELECT id, processed_at, octet_length(lines) AS bytes FROM orders WHERE ${where.sql}
         ORDER BY processed_at, id LIMIT ${PAGE_ORDERS}
       )
     ) p CROSS JOIN orders o ON o.id = p.id
     WHERE p.before < ${PAGE_BYTES} ORDER BY o.processed_at, o.id`,
    where.values,
  ).all<OrderRow>();
  const last = results.at(-1);
  if (!last) {
    return null;
  }
  const { customer } = filter;
  const whole = customer === undefined ? undefined : fold(customer);
  const rows = results.filter((row) => whole === undefined || fold(row.customer) === whole);
  return { rows, end: [last.processed_at, last.id] };
}

/** Counts the orders; perhaps too many while not all customers are folded. */
export async function countOrders(db: D1Database, filter: WalkFilter): Promise<number> {
  const where = inRange(await inIndex(db, filter));
  const text = `SELECT count(*) AS n FROM orders WHERE ${where.sql}`;
  return (await statement(db, text, where.values).first<number>("n")) ?? 0;
}

/** Returns the part of a filter that an index decides. */
async function inIndex(db: D1Database, filter: WalkFilter): Promise<WalkFilter> {
  const isKnown = filter.customer === undefined || !(await hasUnfolded(db));
  return isKnown ? filter : { ...filter, customer: undefined };
}

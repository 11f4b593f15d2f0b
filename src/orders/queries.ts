import { Conditions } from "../db/conditions";
import {
  type Cursor,
  invalidCursor,
  MAX_SORTED,
  type Page,
  type PageRequest,
  scanPage,
  type Total,
} from "../http/paging";

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

export interface OrderFilter {
  customer?: string;
  /** Processed at or after, before; Unix milliseconds. */
  from?: number;
  before?: number;
  /** An order id, or how a customer's name begins. */
  search?: string;
}

export async function getOrder(db: D1Database, id: string): Promise<OrderRow | null> {
  return db.prepare("SELECT * FROM orders WHERE id = ?1").bind(id).first<OrderRow>();
}

/**
 * Newest first: a filter walks `orders_customer` or `orders_processed` in that order. Customers are
 * matched without regard to (ASCII) case.
 */
export async function listOrders(
  db: D1Database,
  filter: OrderFilter,
  request: PageRequest,
): Promise<Page<OrderRow>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const order = backwards ? "ASC" : "DESC";
  const place = cursor && placeOf(cursor);
  const { range, match } = await search(db, filter.search);
  const page = await scanPage<Looked>(
    { total: match && inRange(filter).isEmpty ? MANY : undefined, ...request },
    match !== null,
    (row) => [row.processed_at, row.id],
    async (limit, last) => {
      const where = rangePast(filter, last ?? place, backwards);
      where.add(range.sql, ...range.values);
      const { results } = await db
        .prepare(
          `SELECT id, processed_at, ${match?.sql ?? "true"} AS hit FROM (
             SELECT id, customer, processed_at FROM orders WHERE ${where.sql}
             ORDER BY processed_at ${order}, id ${order} LIMIT ${limit}
           )`,
        )
        .bind(...(match?.values ?? []), ...where.values)
        .all<Looked>();
      return results;
    },
  );
  return { ...page, rows: await getOrders(db, page.rows) };
}

/** Where an order stands in a list. */
export interface Place {
  id: string;
  processed_at: number;
}

type Looked = Place & { hit: number };

/** That many of a prefix were counted. */
const MANY: Total = { count: MAX_SORTED, capped: true };

function placeOf({ key: [processedAt, id] }: Cursor): Place {
  if (typeof processedAt !== "number" || typeof id !== "string") {
    throw invalidCursor();
  }
  return { id, processed_at: processedAt };
}

/** The filter's range past a place, with one bound at that end: see tasks/id-range.ts. */
export function rangePast(
  filter: OrderFilter,
  place: Place | null,
  backwards: boolean,
): Conditions {
  const end = backwards ? "from" : "before";
  const bound = filter[end];
  if (!place || (bound !== undefined && backwards !== place.processed_at >= bound)) {
    return inRange(filter);
  }
  const where = inRange({ ...filter, [end]: undefined });
  where.add(`(processed_at, id) ${backwards ? ">" : "<"} (?, ?)`, place.processed_at, place.id);
  return where;
}

/** What a filter asks for, its search aside. */
export function inRange(filter: Omit<OrderFilter, "search">): Conditions {
  const where = new Conditions();
  if (filter.customer !== undefined) {
    where.add("customer = ? COLLATE NOCASE", filter.customer);
  }
  if (filter.from !== undefined) {
    where.add("processed_at >= ?", filter.from);
  }
  if (filter.before !== undefined) {
    where.add("processed_at < ?", filter.before);
  }
  return where;
}

async function getOrders(db: D1Database, found: { id: string }[]): Promise<OrderRow[]> {
  const { results } = await db
    .prepare("SELECT o.* FROM json_each(?1) m JOIN orders o ON o.id = m.value")
    .bind(JSON.stringify(found.map(({ id }) => id)))
    .all<OrderRow>();
  const byId = new Map(results.map((row) => [row.id, row]));
  return found.flatMap(({ id }) => byId.get(id) ?? []);
}

/**
 * An id is found by the key. A customer's prefix is found by its index when it has few orders;
 * when it has many they are picked, by what is to match, from the newest orders of all.
 */
async function search(
  db: D1Database,
  text: string | undefined,
): Promise<{ range: Conditions; match: Conditions | null }> {
  const range = new Conditions();
  if (text === undefined) {
    return { range, match: null };
  }
  if (await getOrder(db, text)) {
    range.add("id = ?", text);
    return { range, match: null };
  }
  const prefix = new Conditions();
  prefix.add("customer >= ? COLLATE NOCASE", text);
  prefix.add("customer < ? COLLATE NOCASE", `${text}\u{10FFFF}`);
  const counted = await db
    .prepare(
      `SELECT count(*) AS n FROM (SELECT 1 FROM orders WHERE ${prefix.sql} LIMIT ${MAX_SORTED})`,
    )
    .bind(...prefix.values)
    .first<{ n: number }>();
  const isFew = (counted?.n ?? 0) < MAX_SORTED;
  return isFew ? { range: prefix, match: null } : { range, match: prefix };
}

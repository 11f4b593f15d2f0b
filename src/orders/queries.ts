import { Conditions } from "../db/conditions";
import { invalidCursor, MAX_SORTED, type Page, type PageRequest, scanPage } from "../http/paging";

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
  const where = inRange(filter);
  const isWhole = where.isEmpty;
  const match = filter.search === undefined ? null : await search(db, filter.search, where);
  const backwards = cursor?.direction === "previous";
  if (cursor) {
    const [processedAt, id] = cursor.key;
    if (typeof processedAt !== "number" || typeof id !== "string") {
      throw invalidCursor();
    }
    where.add(`(processed_at, id) ${backwards ? ">" : "<"} (?, ?)`, processedAt, id);
  }
  const [after, order] = backwards ? [">", "ASC"] : ["<", "DESC"];
  // Many of a prefix were counted as far as that goes.
  const total = match && isWhole ? { count: MAX_SORTED, capped: true } : undefined;
  const page = await scanPage<Looked>(
    { total, ...request },
    match !== null,
    (row) => [row.processed_at, row.id],
    async (limit, last) => {
      const { results } = await db
        .prepare(
          `SELECT id, processed_at, ${match?.sql ?? "true"} AS hit FROM (
             SELECT id, customer, processed_at FROM orders
             WHERE ${where.sql} ${last ? `AND (processed_at, id) ${after} (?, ?)` : ""}
             ORDER BY processed_at ${order}, id ${order} LIMIT ${limit}
           )`,
        )
        .bind(
          ...(match?.values ?? []),
          ...where.values,
          ...(last ? [last.processed_at, last.id] : []),
        )
        .all<Looked>();
      return results;
    },
  );
  return { ...page, rows: await getOrders(db, page.rows) };
}

interface Looked {
  id: string;
  processed_at: number;
  hit: number;
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
 * when it has many they are picked, as conditions returned, from the newest orders of all.
 */
async function search(db: D1Database, text: string, where: Conditions): Promise<Conditions | null> {
  if (await getOrder(db, text)) {
    where.add("id = ?", text);
    return null;
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
  if ((counted?.n ?? 0) < MAX_SORTED) {
    where.add(prefix.sql, ...prefix.values);
    return null;
  }
  return prefix;
}

import { cutPage, invalidCursor, MAX_SCANNED, type Page, type PageRequest } from "../http/paging";

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
}

export async function getOrder(db: D1Database, id: string): Promise<OrderRow | null> {
  return db.prepare("SELECT * FROM orders WHERE id = ?1").bind(id).first<OrderRow>();
}

/** Newest first: every filter walks `orders_customer` or `orders_processed` in order. */
export async function listOrders(
  db: D1Database,
  filter: OrderFilter,
  request: PageRequest,
): Promise<Page<OrderRow>> {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.customer !== undefined) {
    add("customer = ?", filter.customer);
  }
  if (filter.from !== undefined) {
    add("processed_at >= ?", filter.from);
  }
  if (filter.before !== undefined) {
    add("processed_at < ?", filter.before);
  }
  const where = (list: string[]) => (list.length === 0 ? "" : `WHERE ${list.join(" AND ")}`);
  const counted = db
    .prepare(
      `SELECT count(*) AS n FROM (SELECT 1 FROM orders ${where(conditions)} LIMIT ${MAX_SCANNED + 1})`,
    )
    .bind(...values);
  const backwards = request.cursor?.direction === "previous";
  if (request.cursor) {
    const [processedAt, id] = request.cursor.key;
    if (typeof processedAt !== "number" || typeof id !== "string") {
      throw invalidCursor();
    }
    add(`(processed_at, id) ${backwards ? ">" : "<"} (?, ?)`, processedAt, id);
  }
  const order = backwards ? "ASC" : "DESC";
  const [rows, count] = await db.batch([
    db
      .prepare(
        `SELECT * FROM orders ${where(conditions)}
         ORDER BY processed_at ${order}, id ${order} LIMIT ${request.limit + 1}`,
      )
      .bind(...values),
    counted,
  ]);
  const n = (count?.results[0] as { n: number } | undefined)?.n ?? 0;
  return {
    ...cutPage(rows?.results as OrderRow[], request, (row) => [row.processed_at, row.id]),
    count: Math.min(n, MAX_SCANNED),
    countCapped: n > MAX_SCANNED,
  };
}

/**
 * Lists of orders are newest first, and look at MAX_SCANNED rows a page at most. A search for a whole
 * name uses the index of names, and so does one for a name's beginning while few orders match. Words
 * elsewhere in a name are found by looking at the orders themselves.
 */
import type { Conditions } from "../../db/conditions";
import { sql, statement } from "../../db/sql";
import {
  type Cursor,
  cutPage,
  invalidCursor,
  type PageKey,
  MAX_PAGE_BYTES,
  MAX_SCANNED,
  MAX_SORTED,
  type Page,
  type PageRequest,
  scanPage,
  type Total,
} from "../../http/paging";
import { fold, wordFinder } from "../../lib/fold";
import { hasUnfolded } from "../pipeline/fold-customers";
import { getOrder, getOrders, type OrderRow, type OrderSummary } from "../order/queries";
import type { OrderColumns } from "../order/schema";
import { inRange, type OrderFilter, type OrderPlace, rangePast } from "./range";

type Test = (customer: string) => boolean;
type Looked = OrderPlace & Pick<OrderColumns, "customer"> & { hit: number; bytes: number };

/** Scan says which index to walk, and what a customer's name must meet besides. */
interface Scan {
  filter: OrderFilter;
  id?: string;
  tests: Test[];
  total?: Total;
  /** The mark in the keys of its pages. */
  mark?: typeof ELSEWHERE;
}

/** Found is all matching orders, read whole, and where to look on for words elsewhere in names. */
interface Found {
  rows: OrderPlace[];
  onward: PageKey | null;
}

/** FoundPage says where pages of words elsewhere in names begin, if they come after all of these. */
export interface FoundPage<Row> extends Page<Row> {
  onward?: PageKey | null;
}

/** A key with this mark says that names beginning with the search were listed before it. */
const ELSEWHERE = "elsewhere";
/** The total when at least this many names begin with the search. */
const MANY: Total = { count: MAX_SORTED, capped: true };

/** Lists a page of orders. It ends early where its orders get large: see MAX_PAGE_BYTES. */
export async function listOrders(
  db: D1Database,
  filter: OrderFilter,
  request: PageRequest,
): Promise<FoundPage<OrderRow>> {
  const page = await findOrders(db, filter, { ...request, maxBytes: MAX_PAGE_BYTES });
  return { ...page, rows: await getOrders<OrderRow>(db, "whole", idsOf(page.rows)) };
}

/** Lists a page of orders without their lines. */
export async function listOrderSummaries(
  db: D1Database,
  filter: OrderFilter,
  request: PageRequest,
): Promise<FoundPage<OrderSummary>> {
  const page = await findOrders(db, filter, request);
  return { ...page, rows: await getOrders<OrderSummary>(db, "summary", idsOf(page.rows)) };
}

async function findOrders(
  db: D1Database,
  filter: OrderFilter,
  request: PageRequest,
): Promise<FoundPage<OrderPlace>> {
  const plan = await planPage(db, filter, request);
  return "rows" in plan ? cutFound(db, plan, request) : scan(db, plan, request);
}

const idsOf = (rows: readonly OrderPlace[]) => rows.map(({ id }) => id);

async function planPage(
  db: D1Database,
  filter: OrderFilter,
  { cursor }: PageRequest,
): Promise<Scan | Found> {
  const { search, customer } = filter;
  const order = search === undefined ? null : await getOrder(db, search);
  if (order) {
    return { filter, id: order.id, tests: [] };
  }
  if (search === undefined && customer === undefined) {
    return { filter, tests: [] };
  }
  const hasWords = search === undefined ? [] : [wordFinder(search)];
  if (await hasUnfolded(db)) {
    const whole = customer === undefined ? [] : [isWhole(customer)];
    return { filter: { ...filter, customer: undefined }, tests: [...whole, ...hasWords] };
  }
  if (search === undefined) {
    return { filter, tests: [] };
  }
  if (cursor?.key[2] === ELSEWHERE) {
    return { filter, tests: [...hasWords, beginsOtherwise(search)], mark: ELSEWHERE };
  }
  const begun = await beginning(db, search);
  if (begun.length > 0 && begun.length < MAX_SORTED) {
    return addNewest(db, begun, filter, wordFinder(search));
  }
  const isAllOfThem = begun.length > 0 && inRange(filter).isEmpty;
  return { filter, tests: hasWords, total: isAllOfThem ? MANY : undefined };
}

const isWhole = (customer: string): Test => {
  const whole = fold(customer);
  return (name) => fold(name) === whole;
};

const beginsOtherwise = (search: string): Test => {
  const start = fold(search);
  return (name) => !fold(name).startsWith(start);
};

type Begun = OrderPlace & Pick<OrderColumns, "customer_folded">;

const BEGINNING = sql(`
SELECT id, processed_at, customer_folded FROM orders
WHERE customer_folded >= :start AND customer_folded < :end LIMIT ${MAX_SORTED}`);

/** Finds the orders of customers whose names begin with the search, by the index alone. */
async function beginning(db: D1Database, search: string): Promise<Begun[]> {
  const start = fold(search);
  return (await BEGINNING.on(db, { start, end: `${start}\u{10FFFF}` }).all<Begun>()).results;
}

/**
 * Adds the newest orders with the search's words elsewhere in the name to those that begin with it.
 */
async function addNewest(
  db: D1Database,
  begun: readonly Begun[],
  filter: OrderFilter,
  hasWords: Test,
): Promise<Found> {
  const { from = -Infinity, before = Infinity } = filter;
  const customer = filter.customer && fold(filter.customer);
  const inFilter = begun.filter(
    ({ processed_at, customer_folded }) =>
      processed_at >= from &&
      processed_at < before &&
      (customer === undefined || customer_folded === customer),
  );
  const newest = await look(db, inRange(filter), MAX_SCANNED);
  const last = newest.length < MAX_SCANNED ? undefined : newest.at(-1);
  const found = [...inFilter, ...newest.filter((row) => hasWords(row.customer))];
  const rows = [...new Map(found.map((row) => [row.id, row])).values()];
  return { rows, onward: last ? [...keyOf(last), ELSEWHERE] : null };
}

async function cutFound(
  db: D1Database,
  { rows, onward }: Found,
  request: PageRequest,
): Promise<FoundPage<OrderPlace>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const compare = (a: OrderPlace, b: OrderPlace) => (backwards ? -1 : 1) * newestFirst(a, b);
  const place = cursor && placeOf(cursor);
  const rest = rows.filter((row) => !place || compare(row, place) > 0).toSorted(compare);
  const total = { count: rows.length, capped: onward !== null };
  const sizes = await sizesOf(db, rest.slice(0, request.limit));
  const page = cutPage(
    rest.map((row) => ({ ...row, hit: 1, bytes: sizes.get(row.id) ?? 0 })),
    { total, ...request },
    Infinity,
    keyOf,
  );
  return { ...page, next: page.next ?? onward, onward };
}

const SIZES = sql(`
SELECT o.id, octet_length(o.lines) AS bytes FROM json_each(:ids) m JOIN orders o ON o.id = m.value`);

async function sizesOf(db: D1Database, rows: readonly OrderPlace[]): Promise<Map<string, number>> {
  const ids = JSON.stringify(idsOf(rows));
  const { results } = await SIZES.on(db, { ids }).all<
    Pick<OrderColumns, "id"> & { bytes: number }
  >();
  return new Map(results.map(({ id, bytes }) => [id, bytes]));
}

async function scan(
  db: D1Database,
  { filter, id, tests, total, mark }: Scan,
  request: PageRequest,
): Promise<Page<OrderPlace>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const place = cursor && placeOf(cursor);
  return scanPage<Looked>(
    { total, ...request },
    tests.length > 0,
    (row) => (mark ? [...keyOf(row), mark] : keyOf(row)),
    async (limit, last) => {
      const where = rangePast(filter, last ?? place, backwards);
      if (id !== undefined) {
        where.add("id = :id", { id });
      }
      const rows = await look(db, where, limit, backwards);
      return rows.map((row) => ({
        ...row,
        hit: Number(tests.every((test) => test(row.customer))),
      }));
    },
  );
}

async function look(
  db: D1Database,
  where: Conditions,
  limit: number,
  backwards = false,
): Promise<Looked[]> {
  const order = backwards ? "ASC" : "DESC";
  const { results } = await statement(
    db,
    `SELECT id, processed_at, customer, octet_length(lines) AS bytes, 1 AS hit FROM orders
     WHERE ${where.sql} ORDER BY processed_at ${order}, id ${order} LIMIT ${limit}`,
    where.values,
  ).all<Looked>();
  return results;
}

function keyOf({ processed_at, id }: OrderPlace): PageKey {
  return [processed_at, id];
}

function placeOf({ key: [processedAt, id] }: Cursor): OrderPlace {
  if (typeof processedAt !== "number" || typeof id !== "string") {
    throw invalidCursor();
  }
  return { id, processed_at: processedAt };
}

function newestFirst(a: OrderPlace, b: OrderPlace): number {
  return b.processed_at - a.processed_at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

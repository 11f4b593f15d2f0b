/** Orders wherever they are: in D1, or in the archive beside the task that stored them. */
import { mayHold } from "../../archive/bloom";
import { type ArchiveEnv, findArchived } from "../../archive/find";
import type { Member } from "../../archive/index-file";
import { customerWords } from "../../archive/index-member";
import { hasArchive, mayBeArchived } from "../../archive/manifest";
import { type MergedPage, mergePages } from "../../archive/merge";
import { type Damage, DamagedError } from "../../archive/read";
import type { FoundRecord } from "../../archive/record";
import { comparePlaces, type Place, walkArchive } from "../../archive/walk";
import { sql } from "../../db/sql";
import { AppError } from "../../http/errors";
import { MAX_PAGE_BYTES, type PageKey, type PageRequest } from "../../http/paging";
import { fold, formsOf } from "../../lib/fold";
import { isTaskId } from "../../lib/ids";
import { log } from "../../log";
import { getOrder, type OrderRow, type OrderSummary } from "../order/queries";
import type { OrderColumns } from "../order/schema";
import { ownersOf } from "../pipeline/registry";
import { type FoundPage, listOrders, listOrderSummaries } from "./list";
import type { OrderFilter, OrderPlace } from "./range";

/** By its id, in whichever form of Unicode. Throws a DamagedError, or 503 without the registry. */
export async function findOrder(env: Env, id: string): Promise<OrderRow | null> {
  const order = await getOrder(env.DB, id); // also one whose id would be refused today
  return order ?? ((await hasArchive(env.DB)) ? findArchivedOrder(env, id) : null);
}

async function findArchivedOrder(env: Env, id: string): Promise<ArchivedOrder | null> {
  const owner = (await ownersOf(env, [id]).catch(registryAway)).get(id);
  if (owner === undefined || !isTaskId(owner)) {
    return null;
  }
  const record = await findArchived(env, owner);
  const [order] = record === null ? [] : await ordersOf(env.DB, [record]);
  return order && formsOf(id).includes(order.id) ? order : null;
}

function registryAway(error: unknown): never {
  log.error("registry.not_asked", { message: String(error) });
  const detail = "The registry, which knows where archived orders are, did not answer. Try again.";
  throw new AppError(503, "registry_unavailable", detail, {}, { "retry-after": "5" });
}

/** With what a page of either kind shows. */
export type ArchivedOrder = OrderRow & OrderSummary;

const DELETED = sql(`
SELECT d.id FROM json_each(:ids) m JOIN deleted_orders d ON d.id = m.value`);

/** The orders of these records, but for those that were deleted. */
async function ordersOf(db: D1Database, records: readonly FoundRecord[]): Promise<ArchivedOrder[]> {
  const orders = records.flatMap(({ rows, archived_at: at }) => {
    const { customer_folded: _, ...order } = (rows.order ?? {}) as unknown as OrderColumns;
    const line_count = () => (JSON.parse(order.lines) as unknown[]).length;
    return rows.order ? [{ ...order, line_count: line_count(), archived: { at } }] : [];
  });
  const ids = JSON.stringify(orders.flatMap(({ id }) => formsOf(id)));
  const deleted =
    orders.length === 0 ? [] : (await DELETED.on(db, { ids }).all<{ id: string }>()).results;
  const gone = new Set(deleted.map(({ id }) => id));
  return orders.filter(({ id }) => !formsOf(id).some((form) => gone.has(form)));
}

/** A page of orders, archived ones among them. A search finds these by their id, or by whole words. */
export function listOrdersEverywhere(
  env: Env,
  filter: OrderFilter,
  request: PageRequest,
): Promise<MergedPage<OrderRow>> {
  const bounded = { maxBytes: MAX_PAGE_BYTES, ...request };
  return listBoth<OrderRow>(env, filter, bounded, listOrders, (order) => order);
}

/** A page of orders without their lines, archived ones among them. */
export function listSummariesEverywhere(
  env: Env,
  filter: OrderFilter,
  request: PageRequest,
): Promise<MergedPage<OrderSummary>> {
  return listBoth<OrderSummary>(env, filter, request, listOrderSummaries, (order) => order);
}

async function listBoth<Row extends OrderPlace>(
  env: Env,
  filter: OrderFilter,
  request: PageRequest,
  list: (db: D1Database, filter: OrderFilter, request: PageRequest) => Promise<FoundPage<Row>>,
  shown: (order: ArchivedOrder) => Row,
): Promise<MergedPage<Row>> {
  const hot = await list(env.DB, filter, request);
  if (!(await mayBeArchived(env.DB, { processed: filter }))) {
    return { ...hot, damage: [] };
  }
  const { search } = filter;
  const one = search === undefined ? null : await searchId(env, search);
  if (one === null) {
    return withArchived(env, filter, request, "newest", hot, shown);
  }
  const { rows, damage, isHere } = one;
  if (isHere) {
    return { ...hot, damage: [] };
  }
  const isAsked = (order: OrderRow) => isIn(filter, order) && isPast(request.cursor, order);
  const found = { rows: rows.filter(isAsked).map(shown), end: null, damage };
  return mergePages<Row>(NOTHING, found, request, isBackwards(request), keyOf);
}

const NOTHING = { rows: [], next: null, previous: null, total: { count: 0, capped: false } };
const isBackwards = ({ cursor }: PageRequest) => cursor?.direction === "previous";

/** With the archived ones among it, a page of orders out of D1, just read. */
export async function withArchived<Row extends OrderPlace>(
  env: ArchiveEnv,
  filter: OrderFilter,
  request: PageRequest,
  order: "newest" | "oldest",
  hot: FoundPage<Row>,
  shown: (order: ArchivedOrder) => Row,
): Promise<MergedPage<Row>> {
  const { cursor, limit } = request;
  const isBack = isBackwards(request);
  const isUpwards = (order === "oldest") !== isBack;
  // Names with the search elsewhere than at their beginning are behind a place: see list.ts.
  const mark = cursor?.key[2];
  const turn = mark === undefined ? (hot.onward ?? null) : null;
  const until = isBack ? hot.previous : hot.next;
  const isTurn = turn !== null && until !== null && comparePlaces(until, turn) === 0;
  const page = await walkArchive(env, {
    order: "processed",
    isUpwards,
    after: cursor && cursor.key.slice(0, 2),
    ...narrowed(filter, isTurn ? null : until, turn, isUpwards),
    mayHold: (member) => mayHoldMatch(filter, member),
    matches: ({ rows: { order: row } }) => {
      const asked = row as unknown as OrderColumns;
      return isIn(filter, asked) && isFound(filter, asked) && (!turn || isNewer(asked, turn));
    },
    limit,
  });
  const marked = (key: Place): PageKey => (mark === undefined ? [...key] : [...key, mark]);
  const archived = {
    rows: (await ordersOf(env.DB, page.records)).map(shown),
    end: page.end && marked(page.end),
    damage: page.damage,
  };
  const bounded = isTurn ? { ...hot, next: null } : hot;
  const merged = mergePages(bounded, archived, request, isUpwards, (row) => marked(keyOf(row)));
  return isTurn ? { ...merged, next: merged.next ?? turn } : merged;
}

/** An order that a search names, in D1 or archived; null when it names none that can be told. */
async function searchId(env: Env, search: string): Promise<Known | null> {
  try {
    if ((await getOrder(env.DB, search)) !== null) {
      return { rows: [], damage: [], isHere: true };
    }
    const order = await findArchivedOrder(env, search);
    return order && { rows: [order], damage: [], isHere: false };
  } catch (error) {
    if (error instanceof DamagedError) {
      return { rows: [], damage: [error.damage], isHere: false };
    }
    if (error instanceof AppError) {
      return null; // the walk finds it, slower
    }
    throw error;
  }
}

interface Known {
  rows: ArchivedOrder[];
  damage: Damage[];
  isHere: boolean;
}

const keyOf = ({ processed_at, id }: OrderPlace): PageKey => [processed_at, id];

const isNewer = (order: OrderPlace, place: PageKey) =>
  comparePlaces(keyOf(order), place.slice(0, 2)) > 0;

function isPast(cursor: PageRequest["cursor"], order: OrderPlace): boolean {
  const by = cursor ? comparePlaces(keyOf(order), cursor.key.slice(0, 2)) : 1;
  return cursor?.direction === "next" ? by < 0 : by > 0;
}

/** When the orders of a page can have been processed. */
function narrowed(
  { from = 0, before = Infinity }: OrderFilter,
  until: PageKey | null,
  turn: PageKey | null,
  isUpwards: boolean,
): { from: number; before: number } {
  const end = until === null ? undefined : Number(until[0]);
  return {
    from: Math.max(from, Number(turn?.[0] ?? 0), isUpwards ? 0 : (end ?? 0)),
    before: Math.min(before, isUpwards && end !== undefined ? end + 1 : Infinity),
  };
}

function isIn({ customer, from = 0, before = Infinity }: OrderFilter, order: OrderRow): boolean {
  return (
    order.processed_at >= from &&
    order.processed_at < before &&
    (customer === undefined || fold(order.customer) === fold(customer))
  );
}

function isFound({ search }: OrderFilter, { id, customer }: OrderRow): boolean {
  if (search === undefined || formsOf(search).includes(id)) {
    return true;
  }
  const words = customerWords(customer);
  return customerWords(search).every((word) => words.includes(word));
}

function mayHoldMatch({ customer, search }: OrderFilter, { filters }: Member): boolean {
  const hasAll = (text: string) =>
    customerWords(text).every((word) => mayHold(filters.customers, word));
  return (
    (customer === undefined || hasAll(customer)) &&
    (search === undefined ||
      hasAll(search) ||
      formsOf(search).some((form) => mayHold(filters.orders, form)))
  );
}

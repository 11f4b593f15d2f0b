/**
 * A list of tasks walks an index in order of id, newest first, and looks at no more than MAX_SCANNED
 * rows. So it costs the same over ten tasks or ten million, and a page over a rare filter may be
 * short though there is a next one.
 */
import {
  type Cursor,
  type PageKey,
  MAX_PAGE_BYTES,
  MAX_SCANNED,
  type Page,
  type PageRequest,
  type Total,
} from "../../http/paging";
import { type Looked, planPage, type Restriction, type Scan } from "./list-plan";
import { lookAtOpenRows, sortOpen, walk } from "./list-scan";
import { getTasks, type TaskView } from "../model/queries";
import type { Order, TaskFilter } from "./task-filter";

/** Lists a page of tasks. It ends early where its rows get large: see MAX_PAGE_BYTES. */
export async function listTasks(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
): Promise<Page<TaskView>> {
  const page = await lookAtTasks(db, filter, { maxBytes: MAX_PAGE_BYTES, ...request }, order);
  return { ...page, rows: await getTasks(db, idsOf(page)) };
}

/**
 * Lists a page of tasks without result, timeline and detail of the error, however large these are.
 */
export async function listBriefly(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
): Promise<Page<TaskView>> {
  const page = await lookAtTasks(db, filter, request);
  return { ...page, rows: await getTasks(db, idsOf(page), "brief") };
}

/** Lists a page of tasks' ids and sizes, which may hold MAX_SCANNED of them. */
export async function lookAtTasks(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
): Promise<Page<Looked>> {
  return pageOf(db, await planPage(db, filter, request, { order }), request);
}

const idsOf = ({ rows }: Page<Looked>) => rows.map(({ id }) => id);

/**
 * Reads a page. A few open rows are read whole and sorted. If there are many, the newest tasks are
 * mostly open, so they are found by walking ids; those seen already are a least total.
 */
async function pageOf(db: D1Database, scan: Scan, request: PageRequest): Promise<Page<Looked>> {
  const open = scan.isOpen ? await lookAtOpenRows(db, scan) : null;
  if (!open) {
    return walk(db, scan, request);
  }
  if (!open.isPart) {
    return sortOpen(open.rows, request, scan);
  }
  const total = { count: open.rows.filter(({ hit }) => hit).length, capped: true };
  return walk(db, scan, { total, ...request });
}

/** Counts the tasks that match as far as one look goes, and says where to look on. */
export async function countTasks(
  db: D1Database,
  filter: TaskFilter,
  only: Restriction,
  after: PageKey | null,
): Promise<Total & { next: PageKey | null }> {
  const request = { limit: MAX_SCANNED, cursor: after && nextAfter(after) };
  const scan = await planPage(db, filter, request, { only });
  const open = scan.isOpen ? await lookAtOpenRows(db, scan) : null;
  if (open?.isPart) {
    return { count: open.rows.filter(({ hit }) => hit).length, capped: true, next: null };
  }
  const { rows, next } = open ? sortOpen(open.rows, request, scan) : await walk(db, scan, request);
  return { count: rows.length, capped: next !== null, next };
}

/** Makes the cursor after a key, for callers that do not ask how many there are. */
export function nextAfter(key: PageKey): Cursor {
  return { direction: "next", key, total: { count: 0, capped: true } };
}

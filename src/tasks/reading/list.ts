/**
 * Lists of tasks, newest first. Every list walks an index in order of id and looks at no more than
 * MAX_SCANNED rows, so a page over a rare filter may come back short with a next one; it costs the
 * same over ten tasks or ten million.
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

/** A page ends early where its rows get large: see MAX_PAGE_BYTES. */
export async function listTasks(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
): Promise<Page<TaskView>> {
  const page = await lookAtTasks(db, filter, { maxBytes: MAX_PAGE_BYTES, ...request }, order);
  return { ...page, rows: await getTasks(db, idsOf(page)) };
}

/** A page of tasks without result, timeline and detail of the error, however large these are. */
export async function listBriefly(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
): Promise<Page<TaskView>> {
  const page = await lookAtTasks(db, filter, request);
  return { ...page, rows: await getTasks(db, idsOf(page), "brief") };
}

/** A page of tasks' ids and sizes; it may hold MAX_SCANNED of them. */
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
 * A few open rows are read whole and sorted. Many are the newest, and found by their ids; that there
 * are many was then seen already.
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

/** How many match, and where to look on; exact as far as one look goes. */
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

/** The place after a key, where nobody asks how many there are. */
export function nextAfter(key: PageKey): Cursor {
  return { direction: "next", key, total: { count: 0, capped: true } };
}

/**
 * Lists of tasks, newest first. Every list walks an index in order of id and looks at no more than
 * MAX_SCANNED rows, so a page over a rare filter may come back short with a next one; it costs the
 * same over ten tasks or ten million.
 */
import {
  type Cursor,
  type Key,
  MAX_SCANNED,
  type Page,
  type PageRequest,
  type Total,
} from "../http/paging";
import { type Looked, planPage, type Restriction, type Scan } from "./list-plan";
import { lookAtOpen, sortOpen, walk } from "./list-scan";
import { getTasks, type TaskView } from "./queries";
import type { Status } from "./states";

export interface TaskFilter {
  lote?: string;
  /** "OPEN" is every state that is not final. */
  status?: Status | "OPEN";
  subject?: string;
  user?: string;
  module?: string;
  name?: string;
  worker?: string;
  /** Accepted at or after, before; Unix milliseconds. */
  from?: number;
  before?: number;
  /** A task id, here or elsewhere, a lote, a subject, or words of a failure's error. */
  search?: string;
  /** Whether a person gave up on it. */
  discarded?: boolean;
  /** Any of these error codes. */
  codes?: readonly string[];
  /** The gist of its error's message, see error-gist.ts. */
  message?: string;
  /** Just these tasks, at most MAX_SCANNED. */
  ids?: readonly string[];
}

/** By when they were accepted. */
export type Order = "newest" | "oldest";

export async function listTasks(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
): Promise<Page<TaskView>> {
  const page = await listTaskIds(db, filter, request, order);
  return { ...page, rows: await getTasks(db, page.rows) };
}

/** The same list, ids only; a page may hold MAX_SCANNED of them. */
export async function listTaskIds(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
): Promise<Page<string>> {
  const scan = await planPage(db, filter, request, { order });
  const page = await pageOf(db, scan, request);
  return { ...page, rows: page.rows.map(({ id }) => id) };
}

/**
 * A few open rows are read whole and sorted. Many are the newest, and found by their ids; that there
 * are many was then seen already.
 */
async function pageOf(db: D1Database, scan: Scan, request: PageRequest): Promise<Page<Looked>> {
  const open = scan.isOpen ? await lookAtOpen(db, scan) : null;
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
  after: Key | null,
): Promise<Total & { next: Key | null }> {
  const request = { limit: MAX_SCANNED, cursor: after && nextAfter(after) };
  const scan = await planPage(db, filter, request, { only });
  const open = scan.isOpen ? await lookAtOpen(db, scan) : null;
  if (open?.isPart) {
    return { count: open.rows.filter(({ hit }) => hit).length, capped: true, next: null };
  }
  const { rows, next } = open ? sortOpen(open.rows, request, scan) : await walk(db, scan, request);
  return { count: rows.length, capped: next !== null, next };
}

/** The place after a key, where nobody asks how many there are. */
export function nextAfter(key: Key): Cursor {
  return { direction: "next", key, total: { count: 0, capped: true } };
}

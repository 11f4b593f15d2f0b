/**
 * Lists of tasks, newest first. Every list walks an index in order of id and looks at no more than
 * MAX_SCANNED rows, so a page over a rare filter may come back short with a next one; it costs the
 * same over ten tasks or ten million.
 */
import { Conditions } from "../db/conditions";
import {
  cutPage,
  invalidCursor,
  MAX_SCANNED,
  scanSize,
  type Page,
  type PageRequest,
} from "../http/paging";
import { gist, GIST_SOURCE } from "./error-gist";
import { firstIdAt, isLote, isTaskId, loteRange } from "./ids";
import { LEASED } from "./leases";
import { getTasks, type TaskView } from "./queries";
import { FAILED, OPEN, TRACKED, type Status } from "./states";

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

/** What to scan: the index to walk, the range of it, and what each row in it must meet. */
interface Scan {
  index: string;
  range: Conditions;
  match: Conditions;
}

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
  const { cursor } = request;
  const { index, range, match } = await plan(db, filter);
  const upwards = (order === "oldest") !== (cursor?.direction === "previous");
  if (cursor) {
    range.add(`id ${upwards ? ">" : "<"} ?`, cursorId(cursor.key[0]));
  }
  const { message } = filter;
  const size = scanSize(request, !match.isEmpty || message !== undefined);
  const { results } = await db
    .prepare(
      `SELECT id, ${match.sql} AS hit, ${message === undefined ? "NULL" : GIST_SOURCE} AS message
       FROM (
         SELECT id, queue, status, progress, user, module, name, worker, error_code, error_message,
           discard_reason
         FROM tasks ${index}
         WHERE ${range.sql} ORDER BY id ${upwards ? "ASC" : "DESC"} LIMIT ${size + 1}
       )`,
    )
    .bind(...match.values, ...range.values)
    .all<{ id: string; hit: number; message: string | null }>();
  const scanned =
    message === undefined
      ? results
      : results.map((row) => ({ ...row, hit: row.hit && Number(gist(row.message) === message) }));
  const page = cutPage(scanned, request, size, ({ id }) => [id]);
  return { ...page, rows: page.rows.map(({ id }) => id) };
}

async function plan(db: D1Database, filter: TaskFilter): Promise<Scan> {
  const scan: Scan = { index: "", range: new Conditions(), match: new Conditions() };
  const { range, match } = scan;
  if (filter.lote !== undefined) {
    range.add("id BETWEEN ? AND ?", ...loteRange(filter.lote));
  }
  if (filter.from !== undefined) {
    range.add("id >= ?", firstIdAt(filter.from));
  }
  if (filter.before !== undefined) {
    range.add("id < ?", firstIdAt(filter.before));
  }
  if (filter.status !== undefined) {
    match.add(showsAs(filter.status));
  }
  const byPerson = hasIndexOfPerson(filter);
  for (const column of ["user", "module", "name"] as const) {
    const value = filter[column];
    if (value !== undefined && !(column === "user" && byPerson)) {
      match.add(`${column} = ?`, value);
    }
  }
  if (filter.discarded !== undefined) {
    match.add(`discard_reason IS ${filter.discarded ? "NOT NULL" : "NULL"}`);
  }
  if (filter.codes !== undefined) {
    match.addAny("error_code", filter.codes);
  }
  if (filter.worker !== undefined) {
    const running = "SELECT h.value FROM leases l, json_each(l.task_ids) h WHERE l.worker = ?";
    match.add(`worker = ? OR ${OPEN} AND id IN (${running})`, filter.worker, filter.worker);
  }
  if (filter.ids !== undefined) {
    range.add("id IN (SELECT value FROM json_each(?))", JSON.stringify(filter.ids));
  } else if (filter.subject !== undefined) {
    range.add("subject = ?", filter.subject);
  } else if (filter.search !== undefined) {
    await search(db, filter.search, scan);
  } else if (byPerson) {
    scan.index = "INDEXED BY tasks_person";
    range.add("substr(user, 1, 5) = 'user:' AND user = ?", filter.user ?? "");
  } else if (filter.lote === undefined && filter.status !== undefined) {
    await walkIndexOf(db, filter.status, scan);
  }
  return scan;
}

/** Whether `tasks_person` is the index to walk: none finds fewer. */
function hasIndexOfPerson({ ids, subject, search: text, lote, user }: TaskFilter): boolean {
  const finer = ids ?? subject ?? text ?? lote;
  return finer === undefined && user !== undefined && user.startsWith("user:");
}

const TRACKED_OPEN = `queue = '${TRACKED}' AND ${OPEN}`;
/** What runs now: here under a lease, or elsewhere. As ids, and as a condition on a row. */
const RUNNING = `${LEASED} UNION ALL SELECT id FROM tasks INDEXED BY tasks_open WHERE ${TRACKED_OPEN}`;
const RUNS = `(queue = '${TRACKED}' OR id IN (${LEASED}))`;

/** How a state shows in the columns: see states.ts on STARTED and PROGRESS. */
function showsAs(status: Status | "OPEN"): string {
  switch (status) {
    case "OPEN":
      return OPEN;
    case "STARTED":
      return `${RUNS} AND ${OPEN} AND progress IS NULL`;
    case "PROGRESS":
      return `${RUNS} AND ${OPEN} AND progress IS NOT NULL`;
    case "PENDING":
    case "RETRY":
      return `status = '${status}' AND NOT ${RUNS}`;
    case "SUCCESS":
    case "FAILURE":
    case "REVOKED":
      return `status = '${status}'`;
    default:
      throw new Error(`Not a state: ${JSON.stringify(status satisfies never)}`);
  }
}

async function walkIndexOf(db: D1Database, status: Status | "OPEN", scan: Scan): Promise<void> {
  if (status === "FAILURE" || status === "REVOKED") {
    scan.index = "INDEXED BY tasks_failed";
    scan.range.add(FAILED);
  } else if (status === "STARTED" || status === "PROGRESS") {
    if (await areFew(db, TRACKED_OPEN)) {
      scan.range.add(`id IN (${RUNNING})`);
    }
  } else if (status !== "SUCCESS" && (await areFew(db, OPEN))) {
    // A few open rows are read whole and sorted; many are the newest, and found by their ids.
    scan.index = "INDEXED BY tasks_open";
    scan.range.add(OPEN);
  }
}

/** Whether a page may look at all the open rows of this kind. */
async function areFew(db: D1Database, open: string): Promise<boolean> {
  const rows = `SELECT 1 FROM tasks INDEXED BY tasks_open WHERE ${open} LIMIT ${MAX_SCANNED}`;
  const counted = await db.prepare(`SELECT count(*) AS n FROM (${rows})`).first<number>("n");
  return (counted ?? 0) < MAX_SCANNED;
}

async function search(db: D1Database, text: string, scan: Scan): Promise<void> {
  const { range, match } = scan;
  if (isTaskId(text)) {
    range.add("id = ?", text);
    return;
  }
  if (isLote(text)) {
    range.add("id BETWEEN ? AND ?", ...loteRange(text));
    return;
  }
  const tracked = await db
    .prepare("SELECT id FROM tasks WHERE external_id = ?1")
    .bind(text)
    .first<string>("id");
  if (tracked !== null) {
    range.add("id = ?", tracked);
    return;
  }
  const known = await db
    .prepare("SELECT 1 FROM tasks WHERE subject = ?1 LIMIT 1")
    .bind(text)
    .first();
  if (known) {
    range.add("subject = ?", text);
    return;
  }
  scan.index = "INDEXED BY tasks_failed";
  range.add(FAILED);
  for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    match.add("instr(lower(error_code || ' ' || coalesce(error_message, '')), ?) > 0", word);
  }
}

function cursorId(id: unknown): string {
  if (typeof id !== "string" || !isTaskId(id)) {
    throw invalidCursor();
  }
  return id;
}

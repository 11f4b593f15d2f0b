/**
 * Lists of tasks, newest first. Every list walks an index in order of id and looks at no more than
 * MAX_SCANNED rows, so a page over a rare filter may come back short with a next one; it costs the
 * same over ten tasks or ten million.
 */
import { Conditions } from "../db/conditions";
import {
  type Cursor,
  cutPage,
  invalidCursor,
  type Key,
  MAX_SCANNED,
  MAX_SORTED,
  type Page,
  type PageRequest,
  scanPage,
  type Total,
} from "../http/paging";
import { gist, GIST_SOURCE } from "./error-gist";
import { firstIdAt, isLote, isTaskId, loteRange } from "./ids";
import { heldBy, type Lease, LEASED, LEASES, readLeases } from "./leases";
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

/** A row as a list looks at it. */
interface Looked {
  id: string;
  name: string;
  queue: string;
  worker: string | null;
  hit: number;
  message: string | null;
}

/** What of a match SQL does not decide; the holder is the lease that lists the row. */
type Test = (row: Looked, holder: Lease | undefined) => boolean;

/** What a row must meet besides the filter. */
export interface Restriction {
  sql: string;
  test: Test;
}

/** What to scan: the index to walk, the range of it, and what each row in it must meet. */
interface Scan {
  index: string;
  range: Conditions;
  match: Conditions;
  tests: Test[];
  /** Of the gist of its message. */
  message: string | undefined;
  /** Only rows that have not ended, and nothing finds fewer. */
  isOpen: boolean;
  isUpwards: boolean;
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

async function planPage(
  db: D1Database,
  filter: TaskFilter,
  { cursor }: PageRequest,
  { order = "newest", only }: { order?: Order; only?: Restriction },
): Promise<Scan> {
  const scan = await plan(db, filter);
  if (only) {
    scan.match.add(only.sql);
    scan.tests.push(only.test);
  }
  scan.isUpwards = (order === "oldest") !== (cursor?.direction === "previous");
  if (cursor) {
    scan.range.add(`id ${scan.isUpwards ? ">" : "<"} ?`, cursorId(cursor.key[0]));
  }
  return scan;
}

/** The open rows of the range, or, of too many to sort, those met first. */
async function lookAtOpen(
  db: D1Database,
  scan: Scan,
): Promise<{ rows: Looked[]; isPart: boolean }> {
  const rows = await look(
    db,
    scan,
    `SELECT ${lookedOf(scan)}, ${scan.range.sql} AS is_within
     FROM (SELECT ${COLUMNS} FROM tasks INDEXED BY tasks_open WHERE ${OPEN} LIMIT ${MAX_SORTED + 1})`,
    scan.range.values,
  );
  return { rows: rows.filter(({ is_within }) => is_within), isPart: rows.length > MAX_SORTED };
}

function sortOpen(rows: Looked[], request: PageRequest, { isUpwards }: Scan): Page<Looked> {
  const sorted = rows.toSorted((a, b) => (a.id < b.id === isUpwards ? -1 : 1));
  return cutPage(sorted, request, MAX_SCANNED, ({ id }) => [id]);
}

function walk(db: D1Database, scan: Scan, request: PageRequest): Promise<Page<Looked>> {
  const { index, range, match, message, tests, isUpwards } = scan;
  const isFiltered = !match.isEmpty || message !== undefined || tests.length > 0;
  const [after, order] = isUpwards ? ["id > ?", "ASC"] : ["id < ?", "DESC"];
  return scanPage(
    request,
    isFiltered,
    ({ id }) => [id],
    (limit, last) =>
      look(
        db,
        scan,
        `SELECT ${lookedOf(scan)}, 1 AS is_within
         FROM (SELECT ${COLUMNS} FROM tasks ${index} WHERE ${range.sql} ${last ? `AND ${after}` : ""}
           ORDER BY id ${order} LIMIT ${limit})`,
        [...range.values, ...(last ? [last.id] : [])],
      ),
  );
}

const COLUMNS = `id, queue, status, progress, user, module, name, worker, error_code, error_message,
  discard_reason, external_id`;

const lookedOf = ({ match, message }: Scan) => `id, name, queue, worker, ${match.sql} AS hit,
  ${message === undefined ? "NULL" : GIST_SOURCE} AS message`;

/** Reads rows, with the leases of that moment if these decide what is a hit. */
async function look(
  db: D1Database,
  { match, tests, message }: Scan,
  sql: string,
  rangeValues: readonly (string | number)[],
): Promise<(Looked & { is_within: number })[]> {
  // A range is after the match in the text, whether it is asked of a row or walked.
  const statement = db.prepare(sql).bind(...match.values, ...rangeValues);
  const [found, leases] = await db.batch<Looked & { is_within: number }>(
    tests.length > 0 ? [statement, db.prepare(LEASES)] : [statement],
  );
  const holders = heldBy(readLeases(leases));
  return (found?.results ?? []).map((row) => {
    const isHit =
      row.hit === 1 &&
      (message === undefined || gist(row.message) === message) &&
      tests.every((test) => test(row, holders.get(row.id)));
    return { ...row, hit: Number(isHit) };
  });
}

async function plan(db: D1Database, filter: TaskFilter): Promise<Scan> {
  const scan: Scan = {
    index: "",
    range: new Conditions(),
    match: new Conditions(),
    tests: [],
    message: filter.message,
    isOpen: false,
    isUpwards: false,
  };
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
    const { sql, test } = showsAs(filter.status);
    match.add(sql);
    scan.tests.push(...(test ? [test] : []));
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
    const { worker } = filter;
    match.add(`worker = ? OR ${OPEN}`, worker);
    scan.tests.push((row, holder) => row.worker === worker || holder?.worker === worker);
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
/** Ids of what runs now: here under a lease, or elsewhere. */
const RUNNING = `${LEASED} UNION ALL SELECT id FROM tasks INDEXED BY tasks_open WHERE ${TRACKED_OPEN}`;
const isRunning: Test = ({ queue }, holder) => queue === TRACKED || holder !== undefined;

/** How a state shows in the columns and the leases: see states.ts on STARTED and PROGRESS. */
function showsAs(status: Status | "OPEN"): { sql: string; test?: Test } {
  switch (status) {
    case "OPEN":
      return { sql: OPEN };
    case "STARTED":
      return { sql: `${OPEN} AND progress IS NULL`, test: isRunning };
    case "PROGRESS":
      return { sql: `${OPEN} AND progress IS NOT NULL`, test: isRunning };
    case "PENDING":
    case "RETRY":
      return { sql: `status = '${status}'`, test: (row, holder) => !isRunning(row, holder) };
    case "SUCCESS":
    case "FAILURE":
    case "REVOKED":
      return { sql: `status = '${status}'` };
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
  } else {
    scan.isOpen = status !== "SUCCESS";
  }
}

/** Whether a page may look at all the open rows of this kind. */
async function areFew(db: D1Database, open: string): Promise<boolean> {
  const rows = `SELECT 1 FROM tasks INDEXED BY tasks_open WHERE ${open} LIMIT ${MAX_SORTED}`;
  const counted = await db.prepare(`SELECT count(*) AS n FROM (${rows})`).first<number>("n");
  return (counted ?? 0) < MAX_SORTED;
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

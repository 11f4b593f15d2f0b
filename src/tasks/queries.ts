import { cutPage, invalidCursor, MAX_SCANNED, type Page, type PageRequest } from "../http/paging";
import { isTaskId, loteRange } from "./ids";
import { LEASED } from "./leases";
import { FAILED, OPEN, type Status, type StoredStatus } from "./states";

/** A task's row, without what only the engine needs. */
export interface TaskRow {
  id: string;
  name: string;
  module: string;
  queue: string;
  status: StoredStatus;
  subject: string | null;
  user: string | null;
  attempts: number;
  max_attempts: number;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  worker: string | null;
  result: string | null;
  error_code: string | null;
  error_message: string | null;
  error_detail: string | null;
  timeline: string | null;
}

/** With its lease, if one lists it now. */
export type TaskView = TaskRow & { running: { worker: string; since: number } | null };

export interface TaskFilter {
  lote?: string;
  status?: Status;
  subject?: string;
}

const COLUMNS = `t.id, t.name, t.module, t.queue, t.status, t.subject, t.user, t.attempts,
  t.max_attempts, t.created_at, t.started_at, t.finished_at, t.worker, t.result, t.error_code,
  t.error_message, t.error_detail, t.timeline`;

interface LeaseRow {
  worker: string;
  since: number;
  task_ids: string;
}

const LEASES = "SELECT worker, since, task_ids FROM leases";

export async function getTask(db: D1Database, id: string): Promise<TaskView | null> {
  const [tasks, leases] = await db.batch([
    db.prepare(`SELECT ${COLUMNS} FROM tasks t WHERE t.id = ?1`).bind(id),
    db.prepare(LEASES),
  ]);
  const [view] = withLeases(tasks?.results as TaskRow[], leases?.results as LeaseRow[]);
  return view ?? null;
}

function withLeases(rows: TaskRow[], leases: LeaseRow[]): TaskView[] {
  const running = new Map<string, TaskView["running"]>();
  for (const { worker, since, task_ids } of leases) {
    for (const id of JSON.parse(task_ids) as string[]) {
      running.set(id, { worker, since });
    }
  }
  return rows.map((row) => ({ ...row, running: running.get(row.id) ?? null }));
}

/** How a state shows in the columns: see states.ts on STARTED. Alias `w` is the scanned window. */
function statusCondition(status: Status | undefined): string {
  switch (status) {
    case undefined:
      return "true";
    case "STARTED":
      return `w.id IN (${LEASED})`;
    case "PENDING":
    case "RETRY":
      return `w.status = '${status}' AND w.id NOT IN (${LEASED})`;
    case "PROGRESS":
    case "SUCCESS":
    case "FAILURE":
    case "REVOKED":
      return `w.status = '${status}'`;
    default:
      return status satisfies never;
  }
}

interface Source {
  /** FROM and WHERE of the rows to scan; every one of them walks an index in order of id. */
  sql: string;
  values: string[];
}

async function sourceOf(db: D1Database, filter: TaskFilter): Promise<Source> {
  if (filter.subject !== undefined) {
    const inLote = filter.lote === undefined ? "" : " AND id BETWEEN ? AND ?";
    const range = filter.lote === undefined ? [] : loteRange(filter.lote);
    return { sql: `FROM tasks WHERE subject = ?${inLote}`, values: [filter.subject, ...range] };
  }
  if (filter.lote !== undefined) {
    return { sql: "FROM tasks WHERE id BETWEEN ? AND ?", values: loteRange(filter.lote) };
  }
  switch (filter.status) {
    case "FAILURE":
    case "REVOKED":
      return { sql: `FROM tasks INDEXED BY tasks_failed WHERE ${FAILED}`, values: [] };
    case "STARTED":
      return { sql: `FROM tasks WHERE id IN (${LEASED})`, values: [] };
    case "PENDING":
    case "RETRY":
      // A few open rows are read whole and sorted; many are the newest, and found by their ids.
      return (await hasFewOpen(db))
        ? { sql: `FROM tasks INDEXED BY tasks_open WHERE ${OPEN}`, values: [] }
        : { sql: "FROM tasks WHERE true", values: [] };
    case "PROGRESS":
    case "SUCCESS":
    case undefined:
      return { sql: "FROM tasks WHERE true", values: [] };
    default:
      return filter.status satisfies never;
  }
}

async function hasFewOpen(db: D1Database): Promise<boolean> {
  const open = await db
    .prepare(
      `SELECT count(*) AS n FROM (SELECT 1 FROM tasks WHERE ${OPEN} LIMIT ${MAX_SCANNED + 1})`,
    )
    .first<{ n: number }>();
  return (open?.n ?? 0) <= MAX_SCANNED;
}

/** Newest first. Scans at most MAX_SCANNED rows, so a page may be short and have a next one. */
export async function listTasks(
  db: D1Database,
  filter: TaskFilter,
  request: PageRequest,
): Promise<Page<TaskView>> {
  const { sql, values } = await sourceOf(db, filter);
  const condition = statusCondition(filter.status);
  const from = cursorId(request);
  const backwards = request.cursor?.direction === "previous";
  const order = backwards ? "ASC" : "DESC";
  const seek = from === null ? "" : ` AND id ${backwards ? ">" : "<"} ?`;
  const bound = from === null ? values : [...values, from];
  const scan = `SELECT id, status ${sql}${seek} ORDER BY id ${order} LIMIT ${MAX_SCANNED}`;
  const [rows, scanned, counted, leases] = await db.batch([
    db
      .prepare(
        `SELECT ${COLUMNS} FROM (
           SELECT w.id FROM (${scan}) w WHERE ${condition} LIMIT ${request.limit + 1}
         ) p JOIN tasks t ON t.id = p.id ORDER BY t.id ${order}`,
      )
      .bind(...bound),
    db
      .prepare(`SELECT count(*) AS n, ${backwards ? "max" : "min"}(w.id) AS last FROM (${scan}) w`)
      .bind(...bound),
    db
      .prepare(
        `SELECT count(*) FILTER (WHERE ${condition}) AS matches, count(*) AS scanned
         FROM (SELECT id, status ${sql} ORDER BY id DESC LIMIT ${MAX_SCANNED + 1}) w`,
      )
      .bind(...values),
    db.prepare(LEASES),
  ]);
  const window = scanned?.results[0] as { n: number; last: string } | undefined;
  const count = counted?.results[0] as { matches: number; scanned: number } | undefined;
  const scannedTo = window && window.n === MAX_SCANNED ? [window.last] : null;
  const views = withLeases(rows?.results as TaskRow[], leases?.results as LeaseRow[]);
  return {
    ...cutPage(views, request, (row) => [row.id], scannedTo),
    count: Math.min(count?.matches ?? 0, MAX_SCANNED),
    countCapped: (count?.scanned ?? 0) > MAX_SCANNED,
  };
}

function cursorId({ cursor }: PageRequest): string | null {
  if (cursor === null) {
    return null;
  }
  const [id] = cursor.key;
  if (typeof id !== "string" || !isTaskId(id)) {
    throw invalidCursor();
  }
  return id;
}

import type { StoredStatus } from "./states";

/** What is shown of a task's row. */
export interface TaskRow {
  id: string;
  name: string;
  module: string;
  queue: string;
  status: StoredStatus;
  subject: string | null;
  user: string | null;
  input: string;
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
  progress: number | null;
  step: string | null;
  total_steps: number | null;
}

/** With its lease, if one lists it now. */
export type TaskView = TaskRow & { running: { worker: string; since: number } | null };

const COLUMNS = `t.id, t.name, t.module, t.queue, t.status, t.subject, t.user, t.input, t.attempts,
  t.max_attempts, t.created_at, t.started_at, t.finished_at, t.worker, t.result, t.error_code,
  t.error_message, t.error_detail, t.timeline, t.progress, t.step, t.total_steps`;

interface LeaseRow {
  worker: string;
  since: number;
  task_ids: string;
}

const LEASES = "SELECT worker, since, task_ids FROM leases";

export async function getTask(db: D1Database, id: string): Promise<TaskView | null> {
  const [view] = await getTasks(db, [id]);
  return view ?? null;
}

/** Those that exist, in the order asked for. */
export async function getTasks(db: D1Database, ids: readonly string[]): Promise<TaskView[]> {
  const [tasks, leases] = await db.batch([
    db
      .prepare(
        `SELECT ${COLUMNS} FROM json_each(?1) m JOIN tasks t ON t.id = m.value ORDER BY m.key`,
      )
      .bind(JSON.stringify(ids)),
    db.prepare(LEASES),
  ]);
  return withLeases(tasks?.results as TaskRow[], leases?.results as LeaseRow[]);
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

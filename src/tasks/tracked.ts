/**
 * Work that runs elsewhere and reports here. It is a task like any other but for its lane, of which
 * no queue exists: nothing is sent or claimed for it, it runs from the moment it is known, and
 * `check_at` is when it must have reported again. What then has not is lost.
 */
import { retryD1 } from "../db/retry";
import { cutText } from "../lib/cut-text";
import { formsOf } from "../lib/fold";
import { log } from "../log";
import {
  keptJson,
  MAX_MESSAGE_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_STEP_CHARACTERS,
} from "./bounds";
import { countEndsSql, countSql } from "./counts";
import { newLote, taskId } from "./ids";
import { changeOf, publish, TOLD, type ToldRow } from "./publish";
import { getTask, type TaskView } from "./queries";
import { armRecovery } from "./recovery-alarm";
import { isFinal, OPEN, TRACKED, type Status } from "./states";
import { extendTimelineSql, HAS_ROOM } from "./timeline";
import { COUNTED_AS, COUNTED_NEW, KNOW_NAME } from "./tracked-names";

export interface NewTracked {
  /** What it is called where it runs; no two tasks share one. */
  externalId: string;
  name: string;
  module: string;
  description: string;
  user: string | null;
  /** Who reports on it: "key:ID" or "user:ID", the caller that started it. */
  worker?: string;
  /** How long it may be silent. */
  timeoutMs: number;
  /** JSON text of whatever its owner wants kept with it. */
  context: string;
}

/**
 * "ended": a task of that name is over, and a new one needs a new name. "taken": a task of this
 * system has it for its id.
 */
export type Tracking = { task: TaskView; created: boolean } | "ended" | "taken";

/** A time no clock reaches: nobody is to claim it. */
const NEVER = 9e15;

// ?4: its forms, as it came first.
const IS_NEW = `NOT EXISTS (SELECT 1 FROM tasks WHERE external_id IN (SELECT value FROM json_each(?4)))
  AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = ?4 ->> 0)`;
const MAKE_ROOM = `${KNOW_NAME} AND ${IS_NEW}`;
const COUNT_NEW = countSql({ created: "count(*)" }, `FROM (SELECT ${COUNTED_NEW} WHERE ${IS_NEW})`);
const INSERT = `
INSERT INTO tasks (id, name, module, external_id, queue, status, user, description, input,
  max_attempts, ready_at, sent_at, check_at, created_at, started_at, timeout_ms, worker)
SELECT ?5, ?1, ?3, ?4 ->> 0, '${TRACKED}', 'PENDING', ?6, ?7, ?8, 1, ${NEVER}, ?2, ?2 + ?9, ?2, ?2,
  ?9, ?10
WHERE ${IS_NEW}`;

/** Starts tracking; the same again finds the task already there. */
export async function startTracking(
  env: Env,
  tracked: NewTracked,
  now = Date.now(),
): Promise<Tracking> {
  const { externalId, user, timeoutMs } = tracked;
  const name = cutText(tracked.name, MAX_NAME_CHARACTERS);
  const module = cutText(tracked.module, MAX_NAME_CHARACTERS);
  const description = cutText(tracked.description, MAX_MESSAGE_CHARACTERS);
  const context = keptJson(tracked.context);
  const worker = tracked.worker ?? null;
  const id = taskId(newLote(now), 0);
  const forms = formsOf(externalId);
  const named = [name, now, module, JSON.stringify(forms)];
  const row = [...named, id, user, description, context, timeoutMs, worker];
  await retryD1(env.DB, () =>
    env.DB.batch([
      env.DB.prepare(MAKE_ROOM).bind(...named),
      env.DB.prepare(COUNT_NEW).bind(...named),
      env.DB.prepare(INSERT).bind(...row),
    ]),
  );
  const task = await getTask(env.DB, externalId);
  if (!task?.external_id || !forms.includes(task.external_id)) {
    return "taken";
  }
  if (isFinal(task.status)) {
    return "ended";
  }
  await armRecovery(env); // it looks for what is silent
  log.info("task.tracked", { taskId: task.id, name, externalId });
  const created = task.id === id;
  if (created) {
    await publish(env, () => [changeOf(task, { status: "STARTED" })]);
  }
  return { task, created };
}

const REPORTING = `id = ?1 AND queue = '${TRACKED}' AND ${OPEN}`;

const HOW_FAR = `progress = coalesce(?3, progress), step = coalesce(?4, step),
  total_steps = coalesce(?5, total_steps)`;
const PROGRESS = `
UPDATE tasks SET ${HOW_FAR}, check_at = ?2 + timeout_ms
WHERE ${REPORTING}`;

const COUNT_END = countEndsSql(REPORTING, { status: "?3", at: "?2" }, COUNTED_AS);
const END = `
UPDATE tasks SET ${HOW_FAR}, status = ?6, attempts = 1, finished_at = ?2, result = ?7,
  error_code = ?8, error_message = ?9
WHERE ${REPORTING}`;

/** Whether a report was taken: also of one whose commit was reported failed, and that is repeated. */
const IS_OPEN = `SELECT 1 AS taken FROM tasks WHERE ${REPORTING}`;
const IS_ENDED = "SELECT 1 AS taken FROM tasks WHERE id = ?1 AND finished_at = ?2 AND status = ?3";

const NOTE_LATE = `
UPDATE tasks SET timeline = ${extendTimelineSql("json_object('at', ?2, 'event', 'late_report')")}
WHERE id = ?1 AND ${HAS_ROOM}`;

export interface Progress {
  /** 0 to 100. */
  percent?: number;
  step?: string;
  totalSteps?: number;
}

export type Ending =
  | { status: "SUCCESS"; result: unknown }
  | { status: "FAILURE"; message: string; result: unknown };

/** "done", or the state of a task that has ended: then the report is only noted. */
export type Reported = "done" | { status: Status };

/** Takes a report of progress, which also says that the work is alive. */
export function reportProgress(
  env: Env,
  task: TaskView,
  progress: Progress,
  now = Date.now(),
): Promise<Reported> {
  const values = howFar(progress);
  const statements = [
    env.DB.prepare(PROGRESS).bind(task.id, now, ...values),
    env.DB.prepare(IS_OPEN).bind(task.id),
  ];
  const [percent, step] = values;
  const known = percent ?? task.progress;
  return report(env, task, now, statements, {
    ...(known === null ? { status: "STARTED" } : { status: "PROGRESS", progress: known }),
    step: step ?? task.step,
  });
}

function howFar({
  percent,
  step,
  totalSteps,
}: Progress): [percent: number | null, step: string | null, totalSteps: number | null] {
  return [
    percent === undefined ? null : Math.round(percent),
    step === undefined ? null : cutText(step, MAX_STEP_CHARACTERS),
    totalSteps ?? null,
  ];
}

/** Takes the report of its end, and of how far it then was. */
export function finishTracking(
  env: Env,
  task: TaskView,
  ending: Ending,
  progress: Progress = {},
  now = Date.now(),
): Promise<Reported> {
  const { DB: db } = env;
  const { status } = ending;
  const error =
    status === "FAILURE"
      ? { code: "failed", message: cutText(ending.message, MAX_MESSAGE_CHARACTERS) }
      : null;
  const failure = [error?.code ?? null, error?.message ?? null];
  const result = ending.result === undefined ? null : keptJson(JSON.stringify(ending.result));
  const statements = [
    db.prepare(COUNT_END).bind(task.id, now, status),
    db.prepare(END).bind(task.id, now, ...howFar(progress), status, result, ...failure),
    db.prepare(IS_ENDED).bind(task.id, now, status),
  ];
  return report(env, task, now, statements, { status, ...(error && { error }) });
}

/** The last statement finds whether it was taken; `change` is what then becomes of the task. */
async function report(
  env: Env,
  task: TaskView,
  now: number,
  statements: D1PreparedStatement[],
  change: Parameters<typeof changeOf>[1],
): Promise<Reported> {
  const { DB: db } = env;
  const results = await retryD1(db, () => db.batch(statements));
  if (results.at(-1)?.results.length) {
    await publish(env, () => [changeOf(task, change)]);
    return "done";
  }
  await db.prepare(NOTE_LATE).bind(task.id, now).run();
  const { status } = (await getTask(db, task.id)) ?? task;
  log.warn("task.late_report", { taskId: task.id, status });
  return { status };
}

export const LOST_PER_RUN = 500;
const SILENT = `id IN (SELECT id FROM tasks INDEXED BY tasks_open
  WHERE queue = '${TRACKED}' AND check_at <= ?2 AND ${OPEN} ORDER BY check_at LIMIT ${LOST_PER_RUN})`;
const COUNT_LOST = countSql({ failure: "count(*)" }, `FROM tasks WHERE ${SILENT}`, COUNTED_AS);
const LOSE = `
UPDATE tasks SET status = 'FAILURE', attempts = 1, finished_at = ?2, error_code = 'lost',
  error_message = 'No report for ' || (timeout_ms / 1000) || ' s'
WHERE ${SILENT}
RETURNING ${TOLD}`;

/** Ends what has been silent for too long, and returns it. */
export async function loseSilent(db: D1Database, now: number): Promise<ToldRow[]> {
  const [, lost] = await retryD1(db, () =>
    db.batch<ToldRow>([db.prepare(COUNT_LOST).bind(null, now), db.prepare(LOSE).bind(null, now)]),
  );
  return lost?.results ?? [];
}

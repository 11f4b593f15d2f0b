/** What work that runs elsewhere says of its progress and its end. */
import { retryD1 } from "../../db/retry";
import { cutMiddle, cutText } from "../../lib/cut-text";
import { keptJson } from "../../lib/kept-json";
import { log } from "../../log";
import {
  MAX_JSON_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  MAX_STEP_CHARACTERS,
  MAX_TRACEBACK_CHARACTERS,
} from "../model/bounds";
import { countEndsSql } from "../model/counts";
import { crossedNotice, notifyEndsSql, readNotify, startedNotice } from "../model/notify";
import { taskChange, publish } from "../model/publish";
import { getTask, type TaskRow, type TaskView } from "../model/queries";
import { OPEN, runsElsewhere, shownAs, type Status, TRACKED } from "../model/states";
import { extendTimelineSql, HAS_ROOM } from "../model/timeline";
import { silenceSql } from "../model/silence";
import { COUNTED_AS } from "../model/tracked-names";

export interface Progress {
  /** Bounded to 0 to 100. */
  percent?: number | undefined;
  step?: string | undefined;
  /** Without a percentage, makes one of the number of steps. */
  stepNumber?: number | undefined;
  totalSteps?: number | undefined;
}

export type Ending =
  | { status: "SUCCESS"; result: unknown }
  | { status: "FAILURE"; message: string; traceback?: string | undefined; result: unknown };

/** "done", or the state of a task that has ended: then the report is only noted. */
export type Reported = "done" | { status: Status };

const REPORTING = `id = ?1 AND queue = '${TRACKED}' AND ${OPEN}`;

const HOW_FAR = "step = coalesce(?4, step), total_steps = coalesce(?5, total_steps)";
const PROGRESS = `
UPDATE tasks SET ${HOW_FAR}, progress = coalesce(?3, progress),
  started_at = iif(?6, coalesce(started_at, ?2), started_at), check_at = ?2 + ${silenceSql("?6")}
WHERE ${REPORTING}`;
/** Whether a report was taken: also of one whose commit was reported failed, and that is repeated. */
const READ_OPEN = `SELECT queue, status, started_at, progress, step FROM tasks WHERE ${REPORTING}`;

/** Takes a report of progress, which also says that the work is alive. */
export function reportProgress(
  env: Env,
  task: TaskView,
  progress: Progress,
  now = Date.now(),
): Promise<Reported> {
  const { DB: db } = env;
  const percent = percentOf(progress, task);
  const starts = percent !== null && percent > 0;
  const wishes = readNotify(task.notify);
  const statements = [
    db.prepare(PROGRESS).bind(task.id, now, ...howFar(percent, progress), starts ? 1 : 0),
    ...(starts && wishes.start && !runsElsewhere(task) ? [startedNotice(db, [task.id], now)] : []),
    ...(starts && wishes.progress ? [crossedNotice(db, task.id, now)] : []),
    db.prepare(READ_OPEN).bind(task.id),
  ];
  return report(env, task, now, statements, (row) => {
    const status = shownAs(row, false);
    return {
      status,
      ...(status === "PROGRESS" && { progress: row.progress ?? 0 }),
      step: row.step,
    };
  });
}

function percentOf({ percent, stepNumber, totalSteps }: Progress, task: TaskView) {
  const total = totalSteps ?? task.total_steps;
  const told = percent ?? (stepNumber !== undefined && total ? (stepNumber / total) * 100 : null);
  return told === null ? null : Math.min(Math.max(told, 0), 100);
}

function howFar(percent: number | null, { step, totalSteps }: Progress) {
  return [
    percent === null ? null : Math.round(percent),
    step === undefined ? null : cutText(step, MAX_STEP_CHARACTERS),
    totalSteps ?? null,
  ];
}

const COUNT_END = countEndsSql(REPORTING, { status: "?3", at: "?2" }, COUNTED_AS);
const END = `
UPDATE tasks SET ${HOW_FAR}, progress = iif(?6 = 'SUCCESS', 100, coalesce(?3, progress)),
  status = ?6, attempts = 1, started_at = coalesce(started_at, ?2), finished_at = ?2, result = ?7,
  error_code = ?8, error_message = ?9, error_traceback = ?10
WHERE ${REPORTING}`;
const NOTIFY_END = notifyEndsSql("id = ?1 AND finished_at = ?2");
const READ_ENDED = "SELECT 1 FROM tasks WHERE id = ?1 AND finished_at = ?2 AND status = ?3";

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
  const told = howFar(percentOf(progress, task), progress);
  const result =
    ending.result === undefined
      ? null
      : keptJson(JSON.stringify(ending.result), MAX_JSON_CHARACTERS);
  const error =
    ending.status === "FAILURE"
      ? { code: "failed", message: cutText(ending.message, MAX_MESSAGE_CHARACTERS) }
      : null;
  const traceback =
    ending.status === "FAILURE" && ending.traceback
      ? cutMiddle(ending.traceback, MAX_TRACEBACK_CHARACTERS)
      : null;
  const failure = [error?.code ?? null, error?.message ?? null, traceback];
  const statements = [
    db.prepare(COUNT_END).bind(task.id, now, status),
    db.prepare(END).bind(task.id, now, ...told, status, result, ...failure),
    ...(task.notify === null ? [] : [db.prepare(NOTIFY_END).bind(task.id, now)]),
    db.prepare(READ_ENDED).bind(task.id, now, status),
  ];
  return report(env, task, now, statements, () => ({ status, ...(error && { error }) }));
}

const NOTE_LATE = `
UPDATE tasks SET timeline = ${extendTimelineSql("json_object('at', ?2, 'event', 'late_report')")}
WHERE id = ?1 AND ${HAS_ROOM}`;

/** The last statement finds whether it was taken; `change` is what then becomes of the task. */
async function report(
  env: Env,
  task: TaskView,
  now: number,
  statements: D1PreparedStatement[],
  change: (taken: TaskRow) => Parameters<typeof taskChange>[1],
): Promise<Reported> {
  const { DB: db } = env;
  const results = await retryD1(db, () => db.batch<TaskRow>(statements));
  const taken = results.at(-1)?.results[0];
  if (taken) {
    await publish(env, () => [taskChange(task, change(taken))]);
    return "done";
  }
  await db.prepare(NOTE_LATE).bind(task.id, now).run();
  const { status } = (await getTask(db, task.id)) ?? task;
  log.warn("task.late_report", { taskId: task.id, status });
  return { status };
}

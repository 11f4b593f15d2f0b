/** Tracked work reports its progress and its end. */
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { cutMiddle, cutText } from "../../lib/cut-text";
import { keptJson } from "../../lib/kept-json";
import { Refused, type Result } from "../../lib/result";
import { log } from "../../log";
import type { Refusal } from "../commands/refusals";
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
import { OPEN, runsElsewhere, shownAs, TRACKED } from "../model/states";
import { extendTimelineSql, HAS_ROOM } from "../model/timeline";
import { silenceSql } from "../model/silence";
import { COUNTED_AS } from "../model/tracked-names";

export interface Progress {
  /** The percentage, which is bounded to 0 to 100. */
  percent?: number | undefined;
  step?: string | undefined;
  /** The number of the step, which makes a percentage with `totalSteps` if none is given. */
  stepNumber?: number | undefined;
  totalSteps?: number | undefined;
}

export type Ending =
  | { status: "SUCCESS"; result: unknown }
  | { status: "FAILURE"; message: string; traceback?: string | undefined; result: unknown };

/** Reported refuses a report on a task that has ended, which is then only noted. */
export type Reported = Result<"done", Extract<Refusal, { kind: "wrong_state" }>>;

const REPORTING = `id = :id AND queue = '${TRACKED}' AND ${OPEN}` as const;

const HOW_FAR = "step = coalesce(:step, step), total_steps = coalesce(:total_steps, total_steps)";
const PROGRESS = sql(
  `
UPDATE tasks SET ${HOW_FAR}, progress = coalesce(:percent, progress),
  started_at = iif(:starts, coalesce(started_at, :now), started_at),
  check_at = :now + ${silenceSql(":starts")}
WHERE ${REPORTING}`,
  ["id", "now", "percent", "step", "total_steps", "starts"],
);
/** This SQL finds the task if its report was taken, also by a commit that was reported failed. */
const READ_OPEN = sql(`
SELECT queue, status, started_at, progress, step FROM tasks WHERE ${REPORTING}`);

/** Takes a report of progress, which also says that the work is alive. */
export function reportProgress(
  env: Env,
  task: TaskView,
  progress: Progress,
  now = Date.now(),
): Promise<Reported> {
  const { DB: db } = env;
  const { id } = task;
  const percent = percentOf(progress, task);
  const starts = percent !== null && percent > 0;
  const wishes = readNotify(task.notify);
  const statements = [
    PROGRESS.on(db, { id, now, ...howFar(percent, progress), starts: starts ? 1 : 0 }),
    ...(starts && wishes.start && !runsElsewhere(task) ? [startedNotice(db, [id], now)] : []),
    ...(starts && wishes.progress ? [crossedNotice(db, id, now)] : []),
    READ_OPEN.on(db, { id }),
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
  return {
    percent: percent === null ? null : Math.round(percent),
    step: step === undefined ? null : cutText(step, MAX_STEP_CHARACTERS),
    total_steps: totalSteps ?? null,
  };
}

const COUNT_END = sql(countEndsSql(REPORTING, { status: ":status", at: ":now" }, COUNTED_AS), [
  "id",
  "now",
  "status",
]);
const END = sql(`
UPDATE tasks SET ${HOW_FAR},
  progress = iif(:status = 'SUCCESS', 100, coalesce(:percent, progress)), status = :status,
  attempts = 1, started_at = coalesce(started_at, :now), finished_at = :now, result = :result,
  error_code = :code, error_message = :message, error_traceback = :traceback
WHERE ${REPORTING}`);
const NOTIFY_END = sql(notifyEndsSql("id = :id AND finished_at = :now"), ["id", "now"]);
const READ_ENDED = sql(
  "SELECT 1 FROM tasks WHERE id = :id AND finished_at = :now AND status = :status",
);

/** Takes the report of the work's end, and of how far it was then. */
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
  const failure = { code: error?.code ?? null, message: error?.message ?? null, traceback };
  const { id } = task;
  const statements = [
    COUNT_END.on(db, { id, now, status }),
    END.on(db, { id, now, status, result, ...told, ...failure }),
    ...(task.notify === null ? [] : [NOTIFY_END.on(db, { id, now })]),
    READ_ENDED.on(db, { id, now, status }),
  ];
  return report(env, task, now, statements, () => ({ status, ...(error && { error }) }));
}

const NOTE_LATE = sql(
  `
UPDATE tasks SET timeline = ${extendTimelineSql("json_object('at', :now, 'event', 'late_report')")}
WHERE id = :id AND ${HAS_ROOM}`,
  ["id", "now"],
);

/**
 * Runs statements, the last of which finds the task if its report was taken; else notes it as late.
 */
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
  await NOTE_LATE.on(db, { id: task.id, now }).run();
  const { status } = (await getTask(db, task.id)) ?? task;
  log.warn("task.late_report", { taskId: task.id, status });
  return new Refused({ kind: "wrong_state", status });
}

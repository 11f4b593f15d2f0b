/**
 * Tracked work runs elsewhere and reports here. It is a task like any other, except that its queue
 * does not exist: nothing is sent or claimed for it. It runs from the moment it is known, or from its
 * first progress on if it was registered ahead (states.ts). `check_at` is when it must have reported
 * again, or it is lost (tracked-lost.ts).
 */
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { cutText } from "../../lib/cut-text";
import { formsOf } from "../../lib/fold";
import { keptJson } from "../../lib/kept-json";
import { Refused, type Result } from "../../lib/result";
import { log } from "../../log";
import { MAX_JSON_CHARACTERS, MAX_MESSAGE_CHARACTERS, MAX_NAME_CHARACTERS } from "../model/bounds";
import { countSql } from "../model/counts";
import { newBatchId, taskId } from "../../lib/ids";
import { startedNotice } from "../model/notify";
import { taskChange, publish } from "../model/publish";
import { getTask, type TaskView } from "../model/queries";
import { armRecovery } from "../recovery/recovery-alarm";
import { isFinal, shownAs, TRACKED } from "../model/states";
import { DEFAULT_RETRIES, templateFor } from "../templates/templates";
import { DEFAULT_SILENT_SECONDS } from "../model/timeout";
import { pendingSilence } from "../model/silence";
import { COUNTED_NEW, KNOW_NAME } from "../model/tracked-names";

/**
 * NewTracked is work to be tracked. What it lacks comes from the template of its name and module.
 */
export interface NewTracked {
  /** The id of the work where it runs, which no two tasks share. */
  externalId: string;
  name: string;
  module: string;
  description?: string | undefined;
  user: string | null;
  /** The caller that started it and reports on it: "key:ID" or "user:ID". */
  worker?: string;
  /** The time that it may be silent for; without a template, an hour. */
  timeoutMs?: number | undefined;
  /** The number of retries where it runs; without a template, 3. */
  maxRetries?: number | undefined;
  /** The number of its steps; without a template, 1. */
  totalSteps?: number | undefined;
  /** Whether it is registered ahead, and waits until its first progress above 0. */
  isPending?: boolean;
  /** JSON text of whatever its owner wants kept with it. */
  context: string;
}

export interface Tracking {
  task: TaskView;
  created: boolean;
}

/**
 * Tracking is the tracked task, or why there is none. "ended" is a task of that id that is over, so
 * that a new one needs a new id. "taken" is a task of this system that has that id.
 */
export type NotTracked = "ended" | "taken";

/** No clock reaches this time, so that nobody claims the task. */
const NEVER = 9e15;

// `:forms` are the Unicode forms of its external id, of which the first is the one that came.
const IS_NEW = `NOT EXISTS (
    SELECT 1 FROM tasks WHERE external_id IN (SELECT value FROM json_each(:forms)))
  AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = :forms ->> 0)` as const;
const MAKE_ROOM = sql(`${KNOW_NAME} AND ${IS_NEW}`, ["name", "module", "forms"]);
const COUNT_NEW = sql(
  countSql({ created: "count(*)" }, `FROM (SELECT ${COUNTED_NEW} WHERE ${IS_NEW})`),
  ["name", "module", "forms", "now"],
);
const INSERT = sql(`
INSERT INTO tasks (id, name, module, external_id, queue, status, user, description, input,
  max_attempts, ready_at, sent_at, check_at, created_at, started_at, timeout_ms, worker, total_steps,
  notify, template)
SELECT :id, :name, :module, :forms ->> 0, '${TRACKED}', 'PENDING', :user, :description, :input,
  :max_attempts, ${NEVER}, :now, :check_at, :now, :started_at, :timeout_ms, :worker, :total_steps,
  :notify, :template
WHERE ${IS_NEW}`);

/** Starts tracking. A repeat finds the task that is already there. */
export async function startTracking(
  env: Env,
  tracked: NewTracked,
  now = Date.now(),
): Promise<Result<Tracking, NotTracked>> {
  const { externalId, user, isPending = false } = tracked;
  const name = cutText(tracked.name, MAX_NAME_CHARACTERS);
  const module = cutText(tracked.module, MAX_NAME_CHARACTERS);
  const template = await templateFor(env.DB, name, module);
  const { timeoutSeconds, maxRetries, steps, notify } = template ?? {};
  const timeoutMs = tracked.timeoutMs ?? (timeoutSeconds ?? DEFAULT_SILENT_SECONDS) * 1000;
  const id = taskId(newBatchId(now), 0);
  const forms = formsOf(externalId);
  const named = { name, module, forms: JSON.stringify(forms) };
  const described = tracked.description || (template?.description ?? "");
  const row = {
    ...named,
    id,
    user,
    now,
    description: cutText(described, MAX_MESSAGE_CHARACTERS),
    input: keptJson(tracked.context, MAX_JSON_CHARACTERS),
    max_attempts: (tracked.maxRetries ?? maxRetries ?? DEFAULT_RETRIES) + 1,
    check_at: now + (isPending ? pendingSilence(timeoutMs) : timeoutMs),
    started_at: isPending ? null : now,
    timeout_ms: timeoutMs,
    worker: tracked.worker ?? null,
    total_steps: tracked.totalSteps ?? (steps?.length || 1),
    notify: notify ? JSON.stringify(notify) : null,
    template: template?.name ?? null,
  };
  await retryD1(env.DB, () =>
    env.DB.batch([
      MAKE_ROOM.on(env.DB, named),
      COUNT_NEW.on(env.DB, { ...named, now }),
      INSERT.on(env.DB, row),
      ...(notify?.start && !isPending ? [startedNotice(env.DB, [id], now)] : []),
    ]),
  );
  const task = await getTask(env.DB, externalId);
  if (!task?.external_id || !forms.includes(task.external_id)) {
    return new Refused("taken");
  }
  if (isFinal(task.status)) {
    return new Refused("ended");
  }
  await armRecovery(env); // Recovery finds work that goes silent.
  log.info("task.tracked", { taskId: task.id, name, externalId });
  const created = task.id === id;
  if (created) {
    await publish(env, () => [taskChange(task, { status: shownAs(task, false) })]);
  }
  return { task, created };
}

/** What people do to a task. Each is one transaction, so a restart loses nothing of it. */
import { retryD1 } from "../db/retry";
import { log } from "../log";
import type { Engine } from "./engine";
import { statusOf } from "./execution";
import { LEASED } from "./leases";
import { getTask } from "./queries";
import { sendTasks } from "./queues";
import { armRecovery } from "./recovery-alarm";
import { SENT_GRACE_MS } from "./settle";
import { FAILED, OPEN, type Status } from "./states";

/** "done", or why not: there is no such task, or its state does not allow it. */
export type ActionResult = "done" | "not_found" | { status: Status };

const CANCEL = `
UPDATE tasks SET status = 'REVOKED', finished_at = ?2, error_code = 'cancelled',
  error_message = 'Cancelled', error_detail = json_object('by', ?3)
WHERE id = ?1 AND ${OPEN}`;

// Out of the list, the holder's settle no longer reaches it: what it did for the task is dropped.
const LEAVE_LEASES = `
UPDATE leases SET task_ids = (
  SELECT json_group_array(value) FROM json_each(leases.task_ids) WHERE value <> ?1)
WHERE ?1 IN (SELECT value FROM json_each(leases.task_ids))`;

/** Ends a task that has not ended. One that is running stores nothing any more. */
export async function cancelTask(env: Env, id: string, by: string): Promise<ActionResult> {
  const [cancelled] = await retryD1(() =>
    env.DB.batch([
      env.DB.prepare(CANCEL).bind(id, Date.now(), by),
      env.DB.prepare(LEAVE_LEASES).bind(id),
    ]),
  );
  if (cancelled?.meta.changes === 0) {
    return refusal(env, id);
  }
  log.info("task.cancelled", { taskId: id, by });
  return "done";
}

// A fresh set of attempts; what happened stays in the timeline.
const RETRY = `
UPDATE tasks SET status = 'PENDING', attempts = 0, deferrals = 0, crashes = 0, resends = 0,
  ready_at = ?2, sent_at = ?2, check_at = ?2 + ${SENT_GRACE_MS}, finished_at = NULL,
  timeline = json_insert(coalesce(timeline, '[]'), '$[#]',
    json_object('at', ?2, 'event', 'resumed', 'by', ?3, 'code', error_code))
WHERE id = ?1 AND ${FAILED} AND max_attempts > 0 AND id NOT IN (${LEASED})`;

/** Runs a failed or cancelled task again, under its own id. Messages kept as failures have no task. */
export async function retryTask(
  env: Env,
  engine: Engine,
  id: string,
  by: string,
): Promise<ActionResult> {
  const task = await getTask(env.DB, id);
  const definition = task && engine.find(task.name);
  if (!task || !definition) {
    return task ? { status: statusOf(task) } : "not_found";
  }
  const retried = await retryD1(() => env.DB.prepare(RETRY).bind(id, Date.now(), by).run());
  if (retried.meta.changes === 0) {
    return refusal(env, id);
  }
  log.info("task.resumed", { taskId: id, by });
  await armRecovery(env);
  await sendTasks(env, definition.queue, [id]).catch((error: unknown) => {
    log.warn("task.send_failed", { taskId: id, message: String(error) });
  });
  return "done";
}

async function refusal(env: Env, id: string): Promise<ActionResult> {
  const task = await getTask(env.DB, id);
  return task ? { status: statusOf(task) } : "not_found";
}

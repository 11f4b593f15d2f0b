import { log } from "../../log";
import { actOn } from "./actions";
import type { TaskDefinition } from "../model/define";
import type { Engine } from "../model/engine";
import { statusOf } from "../reading/execution";
import { readNotify } from "../model/notify";
import type { TaskView } from "../model/queries";
import { type BadInput, startTask } from "../accepting/start";
import { isRefused, Refused, type Result } from "../../lib/result";
import { isFinal, type Status } from "../model/states";

/**
 * Runs an edited copy of a task that has ended, as a task of its own that names the original in
 * `replay_of` and keeps its template. A failure that is replayed is discarded, as nobody need look
 * at it any more. The caller must have checked that `by` may start such a task.
 */
export async function replayTask(
  env: Env,
  engine: Engine,
  { task, definition }: { task: TaskView; definition: TaskDefinition },
  input: unknown,
  by: string,
): Promise<Result<{ taskId: string }, BadInput | { kind: "wrong_state"; status: Status }>> {
  if (!isFinal(task.status)) {
    return new Refused({ kind: "wrong_state", status: statusOf(task) });
  }
  const started = await startTask(env, definition, input, {
    user: by,
    replayOf: task.id,
    ...(task.template !== null && { template: overridesOf(task, task.template) }),
  });
  if (isRefused(started)) {
    return started;
  }
  const discard = { by, reason: `replayed as ${started}`, replayedAs: started };
  await actOn(env, engine, "discard", task.id, discard).catch((error: unknown) => {
    log.warn("replay.discard_failed", { taskId: task.id, message: String(error) }); // The copy runs.
  });
  return { taskId: started };
}

/** Returns what the template said when the task was made from it. */
function overridesOf({ max_attempts, timeout_ms, notify }: TaskView, name: string) {
  return {
    name,
    attempts: max_attempts,
    notify: readNotify(notify),
    ...(timeout_ms !== null && { timeoutMs: timeout_ms }),
  };
}

import { type ActionResult, actOn } from "./actions";
import type { Engine } from "./engine";
import { statusOf } from "./execution";
import { getTask } from "./queries";
import { type Refusal, startTask } from "./start";
import { isFinal } from "./states";

/**
 * Runs an edited copy of a task that has ended, as a task of its own which names it in `replay_of`.
 * The failure it stands in for is discarded, as nobody need look at it any more.
 */
export async function replayTask(
  env: Env,
  engine: Engine,
  id: string,
  input: unknown,
  by: string,
): Promise<{ taskId: string } | Refusal | Exclude<ActionResult, "done">> {
  const task = await getTask(env.DB, id);
  const definition = task && engine.find(task.name);
  if (!task || !definition) {
    return "not_found";
  }
  if (!isFinal(task.status)) {
    return { status: statusOf(task) };
  }
  const started = await startTask(env, definition, input, { user: by, replayOf: task.id });
  if (typeof started !== "string") {
    return started;
  }
  await actOn(env, engine, "discard", task.id, { by, reason: `replayed as ${started}` });
  return { taskId: started };
}

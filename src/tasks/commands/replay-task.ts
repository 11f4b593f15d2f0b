import { orArchiveDamaged } from "../../archive/find";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { isRefused, Refused, type Result } from "../../lib/result";
import type { TaskDefinition } from "../model/define";
import type { TaskView } from "../model/queries";
import { findTask } from "../reading/archived";
import type { Operator } from "./operator";
import type { Refusal } from "./refusals";
import { replayTask } from "./replay";
import { startable } from "./startable";

/** Replayable is a task with the definition that runs it again. */
export interface Replayable {
  task: TaskView;
  definition: TaskDefinition;
}

/** Finds a task and its definition, if the caller may start tasks of its name. */
export async function replayable(
  { env, engine, caller }: Operator,
  id: string,
): Promise<Result<Replayable, Refusal>> {
  const task = await orArchiveDamaged(findTask(env, id));
  if (!task) {
    return new Refused({ kind: "no_task", id });
  }
  const definition = startable(engine, task.name, caller);
  return isRefused(definition) ? definition : { task, definition };
}

/** Runs an edited copy of a task that has ended. Resolves to the id of the copy. */
export async function replay(
  operator: Operator,
  original: Replayable,
  input: unknown,
): Promise<Result<string, Refusal>> {
  const { env, engine, caller } = operator;
  const replayed = await replayTask(env, engine, original, input, callerId(caller));
  if (isRefused(replayed)) {
    return replayed;
  }
  await audit(operator, "task.replay", original.task.id, { as: replayed.taskId });
  return replayed.taskId;
}

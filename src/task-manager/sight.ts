import { type Caller, callerId, can } from "../caller";
import { isOwn } from "../tasks/commands/permissions";
import type { TaskView } from "../tasks/model/queries";
import { taskIfAny } from "../tasks/commands/known-task";
import { noSuchTask } from "../tasks/commands/refusals";

/**
 * Returns the only user whose tasks a caller sees here; undefined when the caller sees everyone's.
 */
export function seenUser(caller: Caller): string | undefined {
  const seesAll = caller.kind === "key" ? can(caller, "tasks:read") : caller.role === "admin";
  return seesAll ? undefined : callerId(caller);
}

/**
 * Returns the task of that id, or with that name elsewhere; null if there is none that the caller
 * sees.
 */
export async function findSeen(env: Env, id: string, caller: Caller): Promise<TaskView | null> {
  const task = await taskIfAny(env, id);
  const isSeen = seenUser(caller) === undefined || (task && isOwn(task, caller));
  return isSeen ? task : null;
}

/** Returns the task of that id if the caller sees it. Throws 404. */
export async function seenTask(env: Env, id: string, caller: Caller): Promise<TaskView> {
  const task = await findSeen(env, id, caller);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

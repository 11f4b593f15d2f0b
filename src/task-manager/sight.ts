import { type Caller, callerId, can } from "../caller";
import { isOwn } from "../tasks/commands/permissions";
import { getTask, type TaskView } from "../tasks/model/queries";
import { noSuchTask } from "../tasks/commands/refusals";

/** The user whose tasks alone a caller sees here; undefined for everyone's. */
export function seenUser(caller: Caller): string | undefined {
  const seesAll = caller.kind === "key" ? can(caller, "tasks:read") : caller.role === "admin";
  return seesAll ? undefined : callerId(caller);
}

/** The task of that id, or of that name elsewhere; null too for one the caller does not see. */
export async function findSeen(
  db: D1Database,
  id: string,
  caller: Caller,
): Promise<TaskView | null> {
  const task = await getTask(db, id);
  const isSeen = seenUser(caller) === undefined || (task && isOwn(task, caller));
  return isSeen ? task : null;
}

/** The task of that id, if the caller sees it. Throws 404. */
export async function seenTask(db: D1Database, id: string, caller: Caller): Promise<TaskView> {
  const task = await findSeen(db, id, caller);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

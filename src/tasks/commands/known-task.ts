import { type ArchiveEnv, orArchiveDamaged } from "../../archive/find";
import type { TaskView } from "../model/queries";
import { findTask } from "../reading/archived";
import { noSuchTask } from "./refusals";

/** Finds the task with this id or external id, archived or not. Throws 404. */
export async function knownTask(env: ArchiveEnv, id: string): Promise<TaskView> {
  const task = await taskIfAny(env, id);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

/** Finds a task likewise; null when there is none. Throws 410 when its archived copy is damaged. */
export function taskIfAny(env: ArchiveEnv, id: string): Promise<TaskView | null> {
  return orArchiveDamaged(findTask(env, id));
}

import { type ArchiveEnv, orArchiveDamaged } from "../../archive/find";
import type { TaskView } from "../model/queries";
import { findTask } from "../reading/archived";
import { noSuchTask } from "./refusals";

/** Finds the task with this id or external id, archived or not. Throws 404. */
export async function knownTask(env: ArchiveEnv, id: string): Promise<TaskView> {
  const task = await orArchiveDamaged(findTask(env, id));
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

import { getTask, type TaskView } from "../model/queries";
import { noSuchTask } from "./refusals";

/** Finds the task with this id or external id. Throws 404. */
export async function knownTask(db: D1Database, id: string): Promise<TaskView> {
  const task = await getTask(db, id);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

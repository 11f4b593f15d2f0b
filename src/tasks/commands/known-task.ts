import { getTask, type TaskView } from "../model/queries";
import { noSuchTask } from "./refusals";

/** The task of that id, or of that name elsewhere. Throws 404. */
export async function knownTask(db: D1Database, id: string): Promise<TaskView> {
  const task = await getTask(db, id);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

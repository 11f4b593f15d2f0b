import type { Context } from "hono";
import type { AppEnv } from "../http/app-env";
import type { Execution } from "../tasks/execution";
import { getTask, type TaskView } from "../tasks/queries";
import { noSuchTask } from "../tasks/refusals";

/** The task an address names. Throws 404. */
export async function findTask(c: Context<AppEnv>): Promise<TaskView> {
  const id = c.req.param("id") ?? "";
  const task = await getTask(c.env.DB, id);
  if (!task) {
    throw noSuchTask(id);
  }
  return task;
}

/** Everybody who had a hand in a task, as stored. */
export function callersOf(task: Execution): string[] {
  const { by } = (task.error_detail ?? {}) as { by?: unknown };
  const events: Record<string, unknown>[] = task.timeline;
  const callers = [task.user, by, ...events.map((event) => event["by"])];
  return [...new Set(callers.filter((caller) => typeof caller === "string"))];
}

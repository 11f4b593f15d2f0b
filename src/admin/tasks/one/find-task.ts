import type { Context } from "hono";
import type { AppEnv } from "../../../http/app-env";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { knownTask } from "../../../tasks/commands/known-task";
import type { TaskView } from "../../../tasks/model/queries";

/** Returns the task that an address names. Throws 404. */
export function findTask(c: Context<AppEnv>): Promise<TaskView> {
  return knownTask(c.env, c.req.param("id") ?? "");
}

/** Returns everybody who had a hand in a task, as stored. */
export function callersOf(task: TaskFacts): string[] {
  const { by } = (task.error_detail ?? {}) as { by?: unknown };
  const events: Record<string, unknown>[] = task.timeline;
  const callers = [task.requested_by, task.worker_name, by, ...events.map((event) => event["by"])];
  return [...new Set(callers.filter((caller) => typeof caller === "string"))];
}

import { z } from "@hono/zod-openapi";
import { parseAsSent } from "../../lib/exact-json";
import type { Engine } from "../model/engine";
import { Execution, toExecution } from "./execution";
import { NotificationView, toNotificationView } from "./notification-view";
import { notificationsOf } from "./notifications";
import type { TaskView } from "../model/queries";

/** OneExecution is one task alone, with the notifications about it. */
export const OneExecution = Execution.extend({
  notifications: z
    .array(NotificationView)
    .openapi({ description: "The latest first, 50 at most." }),
}).openapi("OneExecution");
export type OneExecution = z.infer<typeof OneExecution>;

/** Makes the execution of a task with its input and what its user was told of it. */
export async function toOneExecution(
  db: D1Database,
  task: TaskView,
  engine: Engine,
): Promise<OneExecution> {
  const { user, notify } = task;
  // A task without `notify` has no notifications, so none are looked for.
  const told = user === null || notify === null ? [] : await notificationsOf(db, task);
  return {
    ...toExecution(task, engine),
    context_data: parseAsSent(task.input) ?? {},
    notifications: told.map((row) => toNotificationView(row, engine)),
  };
}

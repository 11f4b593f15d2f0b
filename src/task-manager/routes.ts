/**
 * These are the routes of the task manager that this project replaced, for programs written for it.
 * They decide nothing: they translate what `src/tasks` does and answers into the old program's
 * words.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { type AppEnv, validationHook } from "../http/app-env";
import type { Engine } from "../tasks/model/engine";
import { oldActionRoutes } from "./action-routes";
import { oldNotificationRoutes } from "./notification-routes";
import { shortListRoutes } from "./short-list-routes";
import { oldTaskRoutes } from "./task-routes";
import { oldTemplateRoutes } from "./template-routes";

/** The old routes are mounted at /api/task-manager. */
export function oldRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .route("/tasks", shortListRoutes(engine)) // must come before /tasks/:id
    .route("/tasks", oldTaskRoutes(engine))
    .route("/tasks", oldActionRoutes(engine))
    .route("/notifications", oldNotificationRoutes(engine))
    .route("/templates", oldTemplateRoutes(engine));
}

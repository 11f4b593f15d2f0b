/**
 * The routes of the task manager this one took the place of, for programs written for it. Nothing is
 * decided here: what `src/tasks` does and answers is put in the old program's words.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { type AppEnv, validationHook } from "../http/app-env";
import type { Engine } from "../tasks/model/engine";
import { oldActionRoutes } from "./action-routes";
import { oldNotificationRoutes } from "./notification-routes";
import { shortListRoutes } from "./short-list-routes";
import { oldTaskRoutes } from "./task-routes";
import { oldTemplateRoutes } from "./template-routes";

/** Mounted at /api/task-manager. */
export function oldRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .route("/tasks", shortListRoutes(engine)) // before /tasks/:id
    .route("/tasks", oldTaskRoutes(engine))
    .route("/tasks", oldActionRoutes(engine))
    .route("/notifications", oldNotificationRoutes(engine))
    .route("/templates", oldTemplateRoutes(engine));
}

import { OpenAPIHono } from "@hono/zod-openapi";
import { type AppEnv, validationHook } from "../../http/app-env";
import { actionRoutes } from "./action-routes";
import type { Engine } from "../model/engine";
import { executionRoutes } from "./execution-routes";
import { notificationRoutes } from "./notification-routes";
import { overviewRoutes, type SystemInfo } from "./overview-routes";
import { queueRoutes } from "./queue-routes";
import { runRoutes } from "./run-routes";
import { statsRoutes } from "./stats-routes";
import { templateRoutes } from "./template-routes";
import { trackedRoutes } from "./tracked-routes";
import { userTaskRoutes } from "./user-task-routes";

/** The task API is these routes, mounted at /api/tasks. */
export function taskRoutes(engine: Engine, systemInfo: SystemInfo) {
  const routes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });
  return routes
    .route("/", actionRoutes(engine))
    .route("/", overviewRoutes(engine, systemInfo))
    .route("/stats", statsRoutes(engine))
    .route("/user-tasks", userTaskRoutes(engine))
    .route("/queues", queueRoutes)
    .route("/executions", executionRoutes(engine))
    .route("/executions", trackedRoutes(engine))
    .route("/run", runRoutes(engine))
    .route("/templates", templateRoutes(engine))
    .route("/notifications", notificationRoutes(engine));
}

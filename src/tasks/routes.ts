import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { pageQuery, readCursor, renderPage } from "../http/paging";
import type { Engine } from "./engine";
import { toExecution } from "./execution";
import { isLote } from "./ids";
import { listTasks } from "./list";
import { getTask } from "./queries";
import { STATUSES } from "./states";

const listRoute = createRoute({
  method: "get",
  path: "/executions",
  summary: "Tasks, newest first",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({
      ...pageQuery,
      lote: z.string().refine(isLote, "not a lote").optional(),
      status: z.enum(STATUSES).optional(),
      pedido: z.string().min(1).max(64).optional(),
    }),
  },
  responses: { 200: { description: "{count, next, previous, results}" } },
});

const oneRoute = createRoute({
  method: "get",
  path: "/executions/{id}",
  summary: "One task",
  middleware: requireScope("tasks:read"),
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: { description: "The task" }, 404: { description: "No such task" } },
});

/** The task API, mounted at /api/tasks. */
export function taskRoutes(engine: Engine) {
  const routes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

  routes.openapi(listRoute, async (c) => {
    const { limit, cursor, lote, status, pedido } = c.req.valid("query");
    const request = { limit, cursor: readCursor(cursor) };
    const page = await listTasks(c.env.DB, { lote, status, subject: pedido }, request);
    return c.json(renderPage(page, c.req.url, (task) => toExecution(task, engine)));
  });

  routes.openapi(oneRoute, async (c) => {
    const { id } = c.req.valid("param");
    const task = await getTask(c.env.DB, id);
    if (!task) {
      throw new AppError(404, "task_not_found", `There is no task ${id}`);
    }
    return c.json(toExecution(task, engine));
  });

  return routes;
}

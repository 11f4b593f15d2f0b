import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { can, callerId } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { pageQuery, readCursor, renderPage } from "../http/paging";
import { type ActionResult, cancelTask, retryTask } from "./actions";
import { bulk } from "./bulk";
import type { Engine } from "./engine";
import { enqueueOne } from "./enqueue";
import { toExecution } from "./execution";
import { filterShape, toFilter } from "./filter";
import { listTasks } from "./list";
import { getTask } from "./queries";

const listRoute = createRoute({
  method: "get",
  path: "/executions",
  summary: "Tasks, newest first",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({ ...pageQuery, ...filterShape }),
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

const taskId = z.object({ task_id: z.string() });
const acted = {
  200: { description: "{task_id, status}" },
  404: { description: "No such task" },
  409: { description: "Its state, in `state`, does not allow it" },
};

const cancelRoute = createRoute({
  method: "post",
  path: "/cancel/{task_id}",
  summary: "Cancel a task: one's own, or any with tasks:write",
  request: { params: taskId },
  responses: acted,
});

const retryRoute = createRoute({
  method: "post",
  path: "/retry/{task_id}",
  summary: "Run a failed or cancelled task again, with fresh attempts",
  middleware: requireScope("tasks:write"),
  request: { params: taskId },
  responses: acted,
});

const bulkRoute = createRoute({
  method: "post",
  path: "/bulk",
  summary: "Cancel, or retry, everything that matches a filter",
  middleware: requireScope("tasks:write"),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            action: z.enum(["cancel", "retry"]),
            filter: z.strictObject(filterShape),
          }),
        },
      },
    },
  },
  responses: { 202: { description: "{task_id}: the task that does it, with progress and counts" } },
});

/** The task API, mounted at /api/tasks. */
export function taskRoutes(engine: Engine) {
  const routes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

  routes.openapi(listRoute, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const request = { limit, cursor: readCursor(cursor) };
    const page = await listTasks(c.env.DB, toFilter(filter), request);
    return c.json(renderPage(page, c.req.url, (task) => toExecution(task, engine)));
  });

  routes.openapi(oneRoute, async (c) => {
    const { id } = c.req.valid("param");
    const task = await getTask(c.env.DB, id);
    if (!task) {
      throw noSuchTask(id);
    }
    return c.json(toExecution(task, engine));
  });

  routes.openapi(cancelRoute, async (c) => {
    const { task_id } = c.req.valid("param");
    const caller = assertCaller(c.var.caller);
    if (!can(caller, "tasks:write")) {
      const task = await getTask(c.env.DB, task_id);
      if (task?.user !== callerId(caller)) {
        throw new AppError(403, "forbidden", "This needs the scope tasks:write.", {
          scope: "tasks:write",
        });
      }
    }
    assertDone(task_id, await cancelTask(c.env, engine, task_id, callerId(caller)));
    return c.json({ task_id, status: "REVOKED" });
  });

  routes.openapi(retryRoute, async (c) => {
    const { task_id } = c.req.valid("param");
    const by = callerId(assertCaller(c.var.caller));
    assertDone(task_id, await retryTask(c.env, engine, task_id, by));
    return c.json({ task_id, status: "PENDING" });
  });

  routes.openapi(bulkRoute, async (c) => {
    const { action, filter } = c.req.valid("json");
    const user = callerId(assertCaller(c.var.caller));
    const input = { action, filter: toFilter(filter) };
    return c.json({ task_id: await enqueueOne(c.env, bulk, input, { user }) }, 202);
  });

  return routes;
}

function assertDone(id: string, result: ActionResult): void {
  if (result === "not_found") {
    throw noSuchTask(id);
  }
  if (result !== "done") {
    const { status } = result;
    throw new AppError(409, "wrong_state", `The task is ${status}`, { state: status });
  }
}

function noSuchTask(id: string): AppError {
  return new AppError(404, "task_not_found", `There is no task ${id}`);
}

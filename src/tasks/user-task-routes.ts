import { OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../auth/caller";
import { assertCaller } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { pageOf, pageQuery, readCursor, renderPage } from "../http/paging";
import { createRoute } from "../http/route";
import type { Engine } from "./engine";
import { Execution, toExecution } from "./execution";
import { STATUSES } from "./states";
import { listUserTasks } from "./user-tasks";

const count = z.int();
const UserTasks = pageOf(Execution, "UserTaskPage").extend({
  stats: z
    .object({
      total: count,
      pending: count,
      started: count,
      success: count,
      failure: count,
      revoked: count,
      capped: z.boolean(),
    })
    .openapi({ description: "Of the caller's latest 1,000 tasks" }),
});

const userTasksRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["overview"],
  summary: "The caller's own tasks, newest first, and what became of them",
  request: {
    query: z.object({
      ...pageQuery,
      task_module: z.string().min(1).max(100).optional(),
      status: z.enum(STATUSES).optional(),
    }),
  },
  responses: { 200: { description: "A page of them", content: json(UserTasks) } },
});

/** A caller's own tasks, mounted at /api/tasks/user-tasks. */
export function userTaskRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    userTasksRoute,
    async (c) => {
      const { limit, cursor, task_module: module, status } = c.req.valid("query");
      const user = callerId(assertCaller(c.var.caller));
      const request = { limit, cursor: readCursor(cursor) };
      const { page, stats } = await listUserTasks(c.env.DB, user, { module, status }, request);
      const view = renderPage(page, c.req.url, (task) => toExecution(task, engine));
      return c.json({ ...view, stats }, 200);
    },
  );
}

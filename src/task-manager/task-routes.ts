import { OpenAPIHono, z } from "@hono/zod-openapi";
import { assertCaller } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { anyPageQuery, pageOf, readCursor, pageBody } from "../http/paging";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import type { Engine } from "../tasks/model/engine";
import { Execution, toExecution } from "../tasks/reading/execution";
import { filterShape } from "../tasks/reading/filter";
import { listTasks } from "../tasks/reading/list";
import { OneExecution, toOneExecution } from "../tasks/reading/one-execution";
import { insteadUse } from "./instead-use";
import { findSeen, seenTask, seenUser } from "./sight";
import { OldStatus, oldStatusOfUnknown, toOldStatus } from "./status";

const HOUR_MS = 3_600_000;
const { task_module: module, status } = filterShape;

const listRoute = createRoute({
  method: "get",
  path: "/",
  ...insteadUse("`GET /api/tasks/executions/`"),
  summary: "Tasks, newest first",
  request: {
    query: z.object({
      ...anyPageQuery,
      module,
      status,
      since: z.coerce
        .number()
        .positive()
        .optional()
        .openapi({ description: "Accepted in so many hours" }),
    }),
  },
  responses: {
    200: { description: "A page of them", content: json(pageOf(Execution, "ExecutionPage")) },
    ...problems({ 400: "A parameter is wrong; `parameter` names it" }),
  },
});

const statusRoute = createRoute({
  method: "get",
  path: "/status/{task_id}",
  ...insteadUse("`GET /api/tasks/executions/{id}/`, which answers 404 for an unknown one"),
  summary: "How a task stands, in words too; NOT_FOUND for an unknown one",
  request: { params: z.object({ task_id: z.string() }) },
  responses: {
    200: { description: "The task", content: json(OldStatus) },
    ...problems({ 410: "It was archived, and is damaged" }),
  },
});

const oneRoute = createRoute({
  method: "get",
  path: "/{id}",
  ...insteadUse("`GET /api/tasks/executions/{id}/`"),
  summary: "One task",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The task", content: json(OneExecution) },
    ...problems({ 404: "No such task, or another's", 410: "It was archived, and is damaged" }),
  },
});

/** The old routes that read tasks are mounted at /api/task-manager/tasks. */
export function oldTaskRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, cursor, module, status, since } = c.req.valid("query");
      const user = seenUser(assertCaller(c.var.caller));
      const from = since === undefined ? undefined : Math.max(0, Date.now() - since * HOUR_MS);
      const request = { limit, cursor: readCursor(cursor) };
      const page = await listTasks(c.env.DB, { user, module, status, from }, request);
      const view = pageBody(page, c.req.url, (task) => toExecution(task, engine));
      return c.json(view, 200);
    })
    .openapi(statusRoute, async (c) => {
      const { task_id } = c.req.valid("param");
      const task = await findSeen(c.env, task_id, assertCaller(c.var.caller));
      const told = task
        ? toOldStatus(task, await toOneExecution(c.env.DB, task, engine))
        : oldStatusOfUnknown(task_id);
      return c.json(told, 200);
    })
    .openapi(oneRoute, async (c) => {
      const { id } = c.req.valid("param");
      const task = await seenTask(c.env, id, assertCaller(c.var.caller));
      return c.json(await toOneExecution(c.env.DB, task, engine), 200);
    });
}

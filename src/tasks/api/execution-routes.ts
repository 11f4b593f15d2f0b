import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { json } from "../../http/json-content";
import { pageOf, pageQuery, readCursor, pageBody } from "../../http/paging";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { Execution, toExecution } from "../reading/execution";
import { filterShape, toFilter } from "../reading/filter";
import { knownTask } from "../commands/known-task";
import { listEverywhere } from "../reading/archived";
import { OneExecution, toOneExecution } from "../reading/one-execution";

/** A list can be ordered by these fields only, as it follows ids, which begin with the time. */
const ORDERINGS = ["created_at", "-created_at", "id", "-id"] as const;

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["tasks"],
  summary: "Tasks, newest first",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({
      ...pageQuery,
      ...filterShape,
      ordering: z.enum(ORDERINGS).default("-created_at"),
    }),
  },
  responses: {
    200: {
      description: "A page of them",
      content: json(pageOf(Execution, "ExecutionPage")),
    },
    ...problems({ 400: "A parameter is wrong; `parameter` names it" }),
  },
});

const oneRoute = createRoute({
  method: "get",
  path: "/{id}",
  tags: ["tasks"],
  summary: "One task, with its input in `context_data`, and what was told of it",
  middleware: requireScope("tasks:read"),
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The task", content: json(OneExecution) },
    ...problems({ 404: "No such task", 410: "It was archived, and its copy is damaged" }),
  },
});

/** Tasks have these routes, mounted at /api/tasks/executions. */
export function executionRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, cursor, ordering, ...filter } = c.req.valid("query");
      const request = { limit, cursor: readCursor(cursor) };
      const order = ordering.startsWith("-") ? "newest" : "oldest";
      const page = await listEverywhere(c.env, toFilter(filter), request, order);
      return c.json(
        pageBody(page, c.req.url, (task) => toExecution(task, engine)),
        200,
      );
    })
    .openapi(oneRoute, async (c) => {
      const task = await knownTask(c.env, c.req.valid("param").id);
      return c.json(await toOneExecution(c.env.DB, task, engine), 200);
    });
}

import { OpenAPIHono } from "@hono/zod-openapi";
import { requireScope } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { anyPageQuery } from "../http/paging";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import type { Engine } from "../tasks/model/engine";
import { templatePage, TemplateList, TemplateQuery } from "../tasks/templates/template-page";
import { insteadUse } from "./instead-use";

const listRoute = createRoute({
  method: "get",
  path: "/",
  ...insteadUse("`GET /api/tasks/templates/`"),
  summary: "Templates, by name",
  middleware: requireScope("tasks:read"),
  request: { query: TemplateQuery.extend({ limit: anyPageQuery.limit }) },
  responses: {
    200: { description: "A page of them", content: json(TemplateList) },
    ...problems({ 400: "A parameter is wrong; `parameter` names it" }),
  },
});

/** The old routes of templates are mounted at /api/task-manager/templates. */
export function oldTemplateRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    listRoute,
    async (c) => c.json(await templatePage(c.env, engine, c.req.valid("query"), c.req.url), 200),
  );
}

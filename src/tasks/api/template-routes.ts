import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { asSent } from "../../http/as-sent";
import { limitLongBody } from "../../http/body-limit";
import { json } from "../../http/json-content";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { operatorOf } from "../commands/operator";
import { granted } from "../commands/refusals";
import { changeTemplate, knownTemplate, retireTemplate } from "../commands/template-changes";
import { templatePage, TemplateList, TemplateQuery } from "../templates/template-page";
import { TemplateBody, TemplateView, toDraft, toTemplateView } from "../templates/template-view";

const params = z.object({ name: z.string() });
const oneTemplate = { description: "The template", content: json(TemplateView) };
const noTemplate = problems({ 404: "No such template" });

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["templates"],
  summary: "Templates, by name",
  middleware: requireScope("tasks:read"),
  request: { query: TemplateQuery },
  responses: { 200: { description: "A page of them", content: json(TemplateList) } },
});

const oneRoute = createRoute({
  method: "get",
  path: "/{name}",
  tags: ["templates"],
  summary: "One template",
  middleware: requireScope("tasks:read"),
  request: { params },
  responses: { 200: oneTemplate, ...noTemplate },
});

const saveRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["templates"],
  summary: "Create a template, or change all of the one of that name",
  middleware: [requireScope("tasks:write"), limitLongBody()],
  request: { body: { required: true, content: json(TemplateBody) } },
  responses: {
    200: { ...oneTemplate, description: "It was there and is changed" },
    201: { ...oneTemplate, description: "It is new" },
    ...problems({
      400: "`parameter` says where; `module`: work that runs elsewhere needs one, and a task of this system has its own",
      404: "The task is one that only the system starts",
      409: "There are a thousand templates",
    }),
  },
});

const deactivateRoute = createRoute({
  method: "delete",
  path: "/{name}",
  tags: ["templates"],
  summary: "Deactivate a template; saving it again activates it",
  middleware: requireScope("tasks:write"),
  request: { params },
  responses: { 200: oneTemplate, ...noTemplate },
});

/** Templates have these routes, mounted at /api/tasks/templates. */
export function templateRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const page = await templatePage(c.env, engine, c.req.valid("query"), c.req.url);
      return c.json(page, 200);
    })
    .openapi(oneRoute, async (c) => {
      const template = granted(await knownTemplate(c.env.DB, c.req.valid("param").name));
      return c.json(toTemplateView(template, engine, c.env), 200);
    })
    .openapi(saveRoute, async (c) => {
      const body = c.req.valid("json");
      const draft = toDraft(body, await asSent(c, body, "default_parameters"));
      const template = granted(await changeTemplate(operatorOf(c, engine), draft));
      const isNew = template.createdAt === template.updatedAt;
      return c.json(toTemplateView(template, engine, c.env), isNew ? 201 : 200);
    })
    .openapi(deactivateRoute, async (c) => {
      const { name } = c.req.valid("param");
      const template = granted(await retireTemplate(operatorOf(c, engine), name));
      return c.json(toTemplateView(template, engine, c.env), 200);
    });
}

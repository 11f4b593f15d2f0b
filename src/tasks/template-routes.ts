import { OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../audit/audit";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { asSent } from "../http/as-sent";
import { filterText } from "../http/filter-text";
import { json } from "../http/json-content";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { fold } from "../lib/fold";
import type { Engine } from "./engine";
import { deactivateTemplateAs, knownTemplate, saveTemplateAs } from "./template-changes";
import { moduleOf, TemplateBody, TemplateView, toDraft, toTemplateView } from "./template-view";
import { listTemplates } from "./templates";

const params = z.object({ name: z.string() });
const oneTemplate = { description: "The template", content: json(TemplateView) };
const noTemplate = problems({ 404: "No such template" });

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["templates"],
  summary: "Templates, by name",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      after: z.string().default("").openapi({ description: "Go on after this name" }),
      module: filterText(100).optional().openapi({ description: "Case and accents do not matter" }),
    }),
  },
  responses: {
    200: {
      description: "A page of them",
      content: json(
        z.object({
          count: z.int(),
          next: z.string().nullable(),
          previous: z.null(),
          results: z.array(TemplateView),
        }),
      ),
    },
  },
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
  middleware: requireScope("tasks:write"),
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

/** Templates, mounted at /api/tasks/templates. */
export function templateRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, after, module } = c.req.valid("query");
      const wanted = module === undefined ? null : fold(module);
      const { templates, more, count } = await listTemplates(
        c.env.DB,
        after,
        limit,
        (template) => wanted === null || fold(moduleOf(template, engine)) === wanted,
      );
      const results = templates.map((template) => toTemplateView(template, engine, c.env));
      const next = new URL(c.req.url);
      next.searchParams.set("after", results.at(-1)?.name ?? "");
      return c.json({ count, next: more ? next.href : null, previous: null, results }, 200);
    })
    .openapi(oneRoute, async (c) => {
      const template = await knownTemplate(c.env.DB, c.req.valid("param").name);
      return c.json(toTemplateView(template, engine, c.env), 200);
    })
    .openapi(saveRoute, async (c) => {
      const body = c.req.valid("json");
      const draft = toDraft(body, await asSent(c, body, "default_parameters"));
      const template = await saveTemplateAs(c.env.DB, engine, assertCaller(c.var.caller), draft);
      await audit(c, "template.save", template.name, { task_name: template.taskName });
      const isNew = template.createdAt === template.updatedAt;
      return c.json(toTemplateView(template, engine, c.env), isNew ? 201 : 200);
    })
    .openapi(deactivateRoute, async (c) => {
      const { name } = c.req.valid("param");
      const caller = assertCaller(c.var.caller);
      const template = await deactivateTemplateAs(c.env.DB, engine, caller, name);
      await audit(c, "template.deactivate", template.name);
      return c.json(toTemplateView(template, engine, c.env), 200);
    });
}

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../audit/audit";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { problems } from "../http/problem-docs";
import type { Engine } from "./engine";
import { Notify } from "./notify";
import { startable } from "./run-routes";
import { getTemplate, listTemplates, saveTemplate, type Template } from "./templates";

const name = z
  .string()
  .regex(/^[\w .:-]{1,100}$/, "1 to 100 letters, digits, spaces or _.:- characters");

const settings = {
  task_name: z.string(),
  description: z.string().max(500).default(""),
  default_parameters: z.record(z.string(), z.unknown()).default({}),
  default_timeout: z.int().min(1).max(86_400).nullable().default(null).openapi({
    description: "Seconds; null: as its task says",
  }),
  default_max_retries: z.int().min(0).max(50).nullable().default(null),
  estimated_duration: z.int().min(0).nullable().default(null).openapi({ description: "Seconds" }),
  typical_steps: z.array(z.string().min(1).max(100)).max(50).default([]),
  notify: Notify.default({}).openapi({
    description: "Tell whoever started it of the start, the end, an error, every so many percent",
  }),
  is_active: z.boolean().default(true),
};

const TemplateBody = z.strictObject({ name, ...settings }).openapi("NewTemplate");
const TemplateView = z
  .object({
    name,
    task_module: z.string(),
    ...settings,
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Template");

const json = <Schema extends z.ZodType>(schema: Schema) => ({
  "application/json": { schema },
});
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
    ...problems({ 404: "There is no such task to be started" }),
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
  const render = (template: Template) => toView(template, engine);

  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, after } = c.req.valid("query");
      const templates = await listTemplates(c.env.DB, after, limit + 1);
      const results = templates.slice(0, limit).map(render);
      const next = new URL(c.req.url);
      next.searchParams.set("after", results.at(-1)?.name ?? "");
      const count = results.length;
      const more = templates.length > limit;
      return c.json({ count, next: more ? next.href : null, previous: null, results }, 200);
    })
    .openapi(oneRoute, async (c) =>
      c.json(render(await find(c.env.DB, c.req.valid("param").name)), 200),
    )
    .openapi(saveRoute, async (c) => {
      const body = c.req.valid("json");
      startable(engine, body.task_name, assertCaller(c.var.caller));
      const template = await saveTemplate(c.env.DB, {
        name: body.name,
        taskName: body.task_name,
        description: body.description,
        defaults: body.default_parameters,
        timeoutSeconds: body.default_timeout,
        maxRetries: body.default_max_retries,
        estimatedSeconds: body.estimated_duration,
        steps: body.typical_steps,
        notify: body.notify,
        active: body.is_active,
      });
      await audit(c, "template.save", template.name, { task_name: template.taskName });
      return c.json(render(template), template.createdAt === template.updatedAt ? 201 : 200);
    })
    .openapi(deactivateRoute, async (c) => {
      const template = await find(c.env.DB, c.req.valid("param").name);
      const saved = await saveTemplate(c.env.DB, { ...template, active: false });
      await audit(c, "template.deactivate", template.name);
      return c.json(render(saved), 200);
    });
}

async function find(db: D1Database, name: string): Promise<Template> {
  const template = await getTemplate(db, name);
  if (!template) {
    throw new AppError(404, "unknown_template", `There is no template ${name}`);
  }
  return template;
}

function toView(template: Template, engine: Engine): z.infer<typeof TemplateView> {
  return {
    name: template.name,
    task_name: template.taskName,
    task_module: engine.find(template.taskName)?.module ?? "",
    description: template.description,
    default_parameters: template.defaults,
    default_timeout: template.timeoutSeconds,
    default_max_retries: template.maxRetries,
    estimated_duration: template.estimatedSeconds,
    typical_steps: template.steps,
    notify: template.notify,
    is_active: template.active,
    created_at: new Date(template.createdAt).toISOString(),
    updated_at: new Date(template.updatedAt).toISOString(),
  };
}

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../audit/audit";
import type { Caller } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { asSent } from "../http/as-sent";
import { json } from "../http/json-content";
import { AppError } from "../http/errors";
import { problems } from "../http/problem-docs";
import { visibleText } from "../http/visible-text";
import { MAX_JSON_CHARACTERS } from "./bounds";
import type { Engine } from "./engine";
import { jsonObject } from "./json-value";
import { Notify } from "./notify";
import { startable } from "./run-routes";
import {
  countTemplates,
  deactivateTemplate,
  getTemplate,
  listTemplates,
  saveTemplate,
  type Template,
} from "./templates";
import { MAX_TIMEOUT_SECONDS } from "./timeout";

const name = z
  .string()
  .regex(/^\w[\w .:-]{0,99}$/, "a letter or digit, then up to 99 of these, spaces or _.:-");

const fitsInput = (value: unknown) => JSON.stringify(value).length <= MAX_JSON_CHARACTERS;
const TOO_LARGE = `over ${MAX_JSON_CHARACTERS} characters`;

const settings = {
  task_name: z.string(),
  description: z.string().max(500).default(""),
  default_parameters: jsonObject.refine(fitsInput, TOO_LARGE).default({}),
  default_timeout: z.int().min(1).max(MAX_TIMEOUT_SECONDS).nullable().default(null).openapi({
    description: "Seconds a run may take; null: as its task says",
  }),
  default_max_retries: z.int().min(0).max(50).nullable().default(null),
  estimated_duration: z.int().min(0).nullable().default(null).openapi({ description: "Seconds" }),
  typical_steps: z.array(visibleText(100)).max(50).default([]),
  notify: Notify.default({}).openapi({
    description: "Tell whoever started it of the start, the end, an error, every so many percent",
  }),
  is_active: z.boolean().default(true),
};

export const TemplateBody = z.strictObject({ name, ...settings }).openapi("NewTemplate");
const TemplateView = z
  .object({
    name,
    task_module: z.string(),
    ...settings,
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Template");

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
    ...problems({
      404: "There is no such task to be started",
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
  const render = (template: Template) => toView(template, engine);
  /** Whoever may not start a task changes no template of it. */
  const assertMayChange = (template: Template | null, caller: Caller) => {
    if (template && engine.find(template.taskName)) {
      startable(engine, template.taskName, caller);
    }
  };

  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, after } = c.req.valid("query");
      const { templates, more } = await listTemplates(c.env.DB, after, limit);
      const results = templates.map(render);
      const next = new URL(c.req.url);
      next.searchParams.set("after", results.at(-1)?.name ?? "");
      const count = await countTemplates(c.env.DB);
      return c.json({ count, next: more ? next.href : null, previous: null, results }, 200);
    })
    .openapi(oneRoute, async (c) => {
      const { name } = c.req.valid("param");
      return c.json(render(known(name, await getTemplate(c.env.DB, name))), 200);
    })
    .openapi(saveRoute, async (c) => {
      const body = c.req.valid("json");
      const caller = assertCaller(c.var.caller);
      const definition = startable(engine, body.task_name, caller);
      if (body.default_timeout !== null && !("run" in definition)) {
        const detail = `default_timeout: tasks of ${body.task_name} run in batches, and share one`;
        throw new AppError(400, "invalid_parameter", detail, { parameter: "default_timeout" });
      }
      assertMayChange(await getTemplate(c.env.DB, body.name), caller);
      const defaults = (await asSent(c, body, "default_parameters")) ?? {};
      const template = await saveTemplate(c.env.DB, {
        name: body.name,
        taskName: body.task_name,
        module: "",
        description: body.description,
        defaults: defaults as Template["defaults"],
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
      const { name } = c.req.valid("param");
      assertMayChange(await getTemplate(c.env.DB, name), assertCaller(c.var.caller));
      const deactivated = known(name, await deactivateTemplate(c.env.DB, name));
      await audit(c, "template.deactivate", name);
      return c.json(render(deactivated), 200);
    });
}

function known(name: string, template: Template | null): Template {
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

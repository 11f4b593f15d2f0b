import { OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../audit/audit";
import { type Caller, callerId, ROLES } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { asSent } from "../http/as-sent";
import { AppError } from "../http/errors";
import { problems, STORAGE_FULL } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { isRecord } from "../lib/record";
import type { TaskDefinition } from "./define";
import type { Engine } from "./engine";
import { jsonValue } from "./json-value";
import { badInput } from "./refusals";
import { startTask } from "./start";
import { isForWorkElsewhere } from "./template-view";
import { getTemplate, type Template } from "./templates";

export const MAX_DELAY_SECONDS = 30 * 86_400;
const delay = z.number().min(0).max(MAX_DELAY_SECONDS).default(0);

const runRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["tasks"],
  summary: "Start a task, or a template",
  middleware: requireScope("tasks:write"),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({
              task_name: z.string().optional(),
              template: z.string().optional(),
              input: jsonValue.openapi({
                description: "Of a template: an object laid over its defaults",
              }),
              delay_seconds: delay,
            })
            .refine(
              ({ task_name, template }) => (task_name === undefined) !== (template === undefined),
              { path: ["task_name"], message: "give either task_name or template" },
            ),
        },
      },
    },
  },
  responses: {
    202: {
      description: "It is accepted",
      content: { "application/json": { schema: z.object({ task_id: z.string() }) } },
    },
    ...problems({
      400: "The input is wrong: `parameter` says where",
      403: "The task is for a higher role",
      404: "There is no such task to be started, or no such active template",
      409: "The template is of work that runs elsewhere",
      ...STORAGE_FULL,
    }),
  },
});

/** Starting tasks, mounted at /api/tasks/run. */
export function runRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    runRoute,
    async (c) => {
      const body = c.req.valid("json");
      const caller = assertCaller(c.var.caller);
      const { definition, template } =
        body.template === undefined
          ? { definition: startable(engine, body.task_name ?? "", caller), template: null }
          : await runnable(c.env.DB, engine, body.template, caller);
      const sent = await asSent(c, body, "input");
      const input = template === null ? sent : layOver(template.defaults, sent);
      const started = await startTask(c.env, definition, input, {
        user: callerId(caller),
        delayMs: Math.round(body.delay_seconds * 1000),
        ...(template && { template: overridesOf(template) }),
      });
      if (typeof started !== "string") {
        throw badInput(started);
      }
      const detail = { task_name: definition.name, ...(template && { template: template.name }) };
      await audit(c, "task.run", started, detail);
      return c.json({ task_id: started }, 202);
    },
  );
}

/** Whether a caller's rank is enough; what else it needs is the scope tasks:write. */
export function mayStart({ startedBy: least }: TaskDefinition, caller: Caller): boolean {
  if (least === null) {
    return false;
  }
  return caller.kind === "user"
    ? ROLES.indexOf(caller.role) >= ROLES.indexOf(least)
    : least !== "admin"; // a key administers nothing
}

/** The task of that name if this caller may start it. Throws 404 and 403. */
export function startable(engine: Engine, name: string, caller: Caller): TaskDefinition {
  const definition = engine.find(name);
  if (!definition || definition.startedBy === null) {
    throw new AppError(404, "unknown_task", `There is no task ${name} to be started`);
  }
  if (!mayStart(definition, caller)) {
    throw new AppError(
      403,
      "forbidden",
      `Starting ${name} needs the role ${definition.startedBy}.`,
    );
  }
  return definition;
}

/** Throws 400 unless the input is an object, or not given. */
export function layOver(
  defaults: Record<string, unknown>,
  input: unknown,
): Record<string, unknown> {
  if (input !== undefined && !isRecord(input)) {
    throw badInput({ field: "", message: "must be an object" });
  }
  return { ...defaults, ...input };
}

/**
 * The active template of that name and its task, if this caller may start it. Throws 404 and 403, and
 * 409 for one of work that nothing here starts.
 */
export async function runnable(
  db: D1Database,
  engine: Engine,
  name: string,
  caller: Caller,
): Promise<{ template: Template; definition: TaskDefinition }> {
  const template = await getTemplate(db, name);
  if (!template?.active) {
    throw new AppError(404, "unknown_template", `There is no active template ${name}`);
  }
  if (isForWorkElsewhere(template, engine)) {
    const detail = `${template.taskName} of ${template.module} runs elsewhere: it is tracked here, and started there`;
    throw new AppError(409, "runs_elsewhere", detail);
  }
  return { template, definition: startable(engine, template.taskName, caller) };
}

/** What a task takes from its template rather than from its definition. */
export function overridesOf({ name, maxRetries, timeoutSeconds, notify }: Template) {
  return {
    name,
    notify,
    ...(maxRetries !== null && { attempts: maxRetries + 1 }),
    ...(timeoutSeconds !== null && { timeoutMs: timeoutSeconds * 1000 }),
  };
}

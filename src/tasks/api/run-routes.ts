import { OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { asSent } from "../../http/as-sent";
import { problems, STORAGE_FULL } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { jsonValue } from "../model/json-value";
import { badInput } from "../commands/refusals";
import { startTask } from "../accepting/start";
import { layOver, overridesOf, runnable, startable } from "../commands/startable";

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

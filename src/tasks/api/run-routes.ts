import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AppEnv, validationHook } from "../../http/app-env";
import { asSent } from "../../http/as-sent";
import { problems, STORAGE_FULL } from "../../http/problem-docs";
import { requireScope } from "../../http/require";
import { createRoute } from "../../http/route";
import { operatorOf } from "../commands/operator";
import { granted } from "../commands/refusals";
import { MAX_DELAY_SECONDS, runTask } from "../commands/run-task";
import { startable, startableTemplate } from "../commands/startable";
import type { Engine } from "../model/engine";
import { jsonValue } from "../model/json-value";

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

/** Starts of tasks have these routes, mounted at /api/tasks/run. */
export function runRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    runRoute,
    async (c) => {
      const body = c.req.valid("json");
      const operator = operatorOf(c, engine);
      const { caller } = operator;
      const what =
        body.template === undefined
          ? { definition: granted(startable(engine, body.task_name ?? "", caller)), template: null }
          : granted(await startableTemplate(c.env.DB, engine, body.template, caller));
      const sent = await asSent(c, body, "input");
      const task_id = granted(await runTask(operator, what, sent, body.delay_seconds));
      return c.json({ task_id }, 202);
    },
  );
}

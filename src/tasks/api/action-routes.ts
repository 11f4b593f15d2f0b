import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { asSent } from "../../http/as-sent";
import { problems, STORAGE_FULL } from "../../http/problem-docs";
import { Reason } from "../../http/reason";
import { createRoute } from "../../http/route";
import { actOnTask } from "../commands/act-on-task";
import { actOnMany } from "../commands/bulk-action";
import { operatorOf } from "../commands/operator";
import { granted } from "../commands/refusals";
import { replay, replayable } from "../commands/replay-task";
import type { Engine } from "../model/engine";
import { jsonValue } from "../model/json-value";
import { bulkFilterShape, toFilter } from "../reading/filter";

const params = z.object({ task_id: z.string() });
const refusals = problems({
  404: "No such task",
  409: "Its state, in `state`, does not allow it",
});
const requiredValue = jsonValue.unwrap();

function acted<State extends string>(status: State) {
  const schema = z.object({ task_id: z.string(), status: z.literal(status) });
  return { 200: { description: "Done", content: { "application/json": { schema } } }, ...refusals };
}

const enqueued = {
  202: {
    description: "The task that does it",
    content: { "application/json": { schema: z.object({ task_id: z.string() }) } },
  },
};

const cancelRoute = createRoute({
  method: "post",
  path: "/cancel/{task_id}",
  tags: ["tasks"],
  summary: "Cancel a task: one's own, or any with tasks:write",
  request: { params },
  responses: acted("REVOKED"),
});

const retryRoute = createRoute({
  method: "post",
  path: "/retry/{task_id}",
  tags: ["tasks"],
  summary: "Run a failed or cancelled task again, with fresh attempts",
  middleware: requireScope("tasks:write"),
  request: { params },
  responses: acted("PENDING"),
});

const discardRoute = createRoute({
  method: "post",
  path: "/discard/{task_id}",
  tags: ["tasks"],
  summary: "Give up on a failure: it stays one, marked with the reason",
  middleware: requireScope("tasks:write"),
  request: {
    params,
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ reason: Reason }) } },
    },
  },
  responses: acted("FAILURE"),
});

const replayRoute = createRoute({
  method: "post",
  path: "/replay/{task_id}",
  tags: ["tasks"],
  summary: "Run an edited copy of a task that has ended, as a new task with `replay_of`",
  middleware: requireScope("tasks:write"),
  request: {
    params,
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ input: requiredValue }) } },
    },
  },
  responses: {
    ...enqueued,
    ...problems({
      400: "The input is wrong",
      403: "The task is for a higher role",
      ...STORAGE_FULL,
    }),
    ...refusals,
  },
});

const bulkRoute = createRoute({
  method: "post",
  path: "/bulk",
  tags: ["tasks"],
  summary: "Cancel, retry or discard everything that matches a filter",
  middleware: requireScope("tasks:write"),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({
              action: z.enum(["cancel", "retry", "discard"]),
              filter: z.strictObject(bulkFilterShape),
              reason: Reason.optional().openapi({ description: "Of a discard, and only there" }),
            })
            .refine(({ action, reason }) => (action === "discard") === (reason !== undefined), {
              path: ["reason"],
              message: "a discard needs one, and nothing else takes one",
            }),
        },
      },
    },
  },
  responses: enqueued,
});

/** Actions of people on tasks have these routes, mounted at /api/tasks. */
export function actionRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(cancelRoute, async (c) => {
      const { task_id } = c.req.valid("param");
      granted(await actOnTask(operatorOf(c, engine), "cancel", task_id));
      return c.json({ task_id, status: "REVOKED" as const }, 200);
    })
    .openapi(retryRoute, async (c) => {
      const { task_id } = c.req.valid("param");
      granted(await actOnTask(operatorOf(c, engine), "retry", task_id));
      return c.json({ task_id, status: "PENDING" as const }, 200);
    })
    .openapi(discardRoute, async (c) => {
      const { task_id } = c.req.valid("param");
      const { reason } = c.req.valid("json");
      granted(await actOnTask(operatorOf(c, engine), "discard", task_id, reason));
      return c.json({ task_id, status: "FAILURE" as const }, 200);
    })
    .openapi(replayRoute, async (c) => {
      const { task_id } = c.req.valid("param");
      const operator = operatorOf(c, engine);
      const original = granted(await replayable(operator, task_id));
      const input = await asSent(c, c.req.valid("json"), "input");
      return c.json({ task_id: granted(await replay(operator, original, input)) }, 202);
    })
    .openapi(bulkRoute, async (c) => {
      const { filter, ...rest } = c.req.valid("json");
      const bulk = { ...rest, filter: toFilter(filter) };
      const task_id = granted(await actOnMany(operatorOf(c, engine), bulk, { filter }));
      return c.json({ task_id }, 202);
    });
}

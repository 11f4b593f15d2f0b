import { OpenAPIHono, z } from "@hono/zod-openapi";
import { actingOf } from "../../audit/audit";
import { type AppEnv, validationHook } from "../../http/app-env";
import { problems } from "../../http/problem-docs";
import { Reason } from "../../http/reason";
import { requireScope } from "../../http/require";
import { createRoute } from "../../http/route";
import { pause, resume } from "../commands/act-on-queue";
import { granted } from "../commands/refusals";

const params = z.object({ queue: z.string() });
const State = z.object({ queue: z.string(), paused: z.boolean() }).openapi("QueueState");
const state = { description: "Its state now", content: { "application/json": { schema: State } } };
const noQueue = problems({ 404: "No such queue" });

const pauseRoute = createRoute({
  method: "post",
  path: "/{queue}/pause",
  tags: ["queues"],
  summary: "Pause a queue: what waits there goes on waiting, and no attempt is used",
  middleware: requireScope("tasks:write"),
  request: {
    params,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({ reason: Reason }),
        },
      },
    },
  },
  responses: { 200: state, ...noQueue },
});

const resumeRoute = createRoute({
  method: "post",
  path: "/{queue}/resume",
  tags: ["queues"],
  summary: "Let a paused queue go on",
  middleware: requireScope("tasks:write"),
  request: { params },
  responses: { 200: state, ...noQueue },
});

/** Pauses of queues have these routes, mounted at /api/tasks/queues. */
export const queueRoutes = new OpenAPIHono<AppEnv>({
  strict: false,
  defaultHook: validationHook,
})
  .openapi(pauseRoute, async (c) => {
    const { reason } = c.req.valid("json");
    const queue = granted(await pause(actingOf(c), c.req.valid("param").queue, reason));
    return c.json({ queue, paused: true }, 200);
  })
  .openapi(resumeRoute, async (c) => {
    const queue = granted(await resume(actingOf(c), c.req.valid("param").queue));
    return c.json({ queue, paused: false }, 200);
  });

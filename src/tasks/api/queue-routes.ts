import { OpenAPIHono, z } from "@hono/zod-openapi";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import { visibleText } from "../../http/visible-text";
import { pauseQueue, resumeQueue } from "../commands/pause-queue";
import { lanesOf } from "../model/queues";

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
          schema: z.strictObject({ reason: visibleText(500) }),
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

/** Pausing queues, mounted at /api/tasks/queues. */
export const queueRoutes = new OpenAPIHono<AppEnv>({
  strict: false,
  defaultHook: validationHook,
})
  .openapi(pauseRoute, async (c) => {
    const { queue } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    assertQueue(c.env, queue);
    const by = callerId(assertCaller(c.var.caller));
    if (await pauseQueue(c.env, { queue, since: Date.now(), by, reason })) {
      await audit(c, "queue.pause", queue, { reason });
    }
    return c.json({ queue, paused: true }, 200);
  })
  .openapi(resumeRoute, async (c) => {
    const { queue } = c.req.valid("param");
    assertQueue(c.env, queue);
    if (await resumeQueue(c.env, queue)) {
      await audit(c, "queue.resume", queue);
    }
    return c.json({ queue, paused: false }, 200);
  });

function assertQueue(env: Env, queue: string): void {
  if (!lanesOf(env).includes(queue)) {
    throw new AppError(404, "queue_not_found", `There is no queue ${queue}`);
  }
}

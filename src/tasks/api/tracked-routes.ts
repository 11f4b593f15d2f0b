import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { limitLongBody } from "../../http/body-limit";
import { json } from "../../http/json-content";
import { problems, STORAGE_FULL } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { knownTask } from "../commands/known-task";
import { OneExecution, toOneExecution } from "../reading/one-execution";
import { TrackedReport, TrackedStart } from "../tracked/tracked-body";
import { reportWork, startWork } from "../tracked/tracked-work";

const oneTask = { description: "The task", content: json(OneExecution) };
const TOO_LARGE =
  "`body_too_large`: over 4 MiB, or, beside long texts, over 256 KiB; nothing was taken";
const middleware = [requireScope("tasks:track"), limitLongBody()];

const startRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["tracked work"],
  summary: "Track work that runs elsewhere",
  middleware,
  request: { body: { required: true, content: json(TrackedStart) } },
  responses: {
    201: { ...oneTask, description: "It is tracked from now on" },
    200: { ...oneTask, description: "It was tracked already" },
    ...problems({
      409: "A task of that id has ended, or is another's, or one of this system",
      413: TOO_LARGE,
      ...STORAGE_FULL,
    }),
  },
});

const reportRoute = createRoute({
  method: "patch",
  path: "/{id}",
  tags: ["tracked work"],
  summary: "Report progress, or the end, of tracked work",
  description:
    "Of what the caller started or is named in as its user; of any with tasks:write too.",
  middleware,
  request: {
    params: z.object({ id: z.string() }),
    body: { required: true, content: json(TrackedReport) },
  },
  responses: {
    200: oneTask,
    ...problems({
      403: "It is another's, and the scope tasks:write is missing",
      404: "No such task",
      409: "It has ended, as `state` says, or is no tracked work; the report is noted",
      413: TOO_LARGE,
    }),
  },
});

/** Tracked work has these routes, mounted at /api/tasks/executions. */
export function trackedRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(startRoute, async (c) => {
      const { task, created } = await startWork(c, engine, c.req.valid("json"));
      return c.json(await toOneExecution(c.env.DB, task, engine), created ? 201 : 200);
    })
    .openapi(reportRoute, async (c) => {
      const task = await knownTask(c.env, c.req.valid("param").id);
      const reported = await reportWork(c, task, c.req.valid("json"));
      return c.json(await toOneExecution(c.env.DB, reported, engine), 200);
    });
}

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Caller, callerId, can } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { callerOf } from "../auth/names";
import { type AppEnv, validationHook } from "../http/app-env";
import { asSent } from "../http/as-sent";
import { limitLongBody } from "../http/body-limit";
import { AppError } from "../http/errors";
import { json } from "../http/json-content";
import { problems, STORAGE_FULL } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { assertStorage } from "./backpressure";
import type { Engine } from "./engine";
import { Execution, toExecution } from "./execution";
import { knownTask } from "./known-task";
import type { TaskView } from "./queries";
import { wrongState } from "./refusals";
import { TRACKED } from "./states";
import { startTracking } from "./tracked";
import { TrackedReport, TrackedStart } from "./tracked-body";
import { finishTracking, reportProgress } from "./tracked-reports";

const oneTask = { description: "The task", content: json(Execution) };
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

/** Work that runs elsewhere, mounted at /api/tasks/executions. */
export function trackedRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(startRoute, async (c) => {
      const body = c.req.valid("json");
      const caller = assertCaller(c.var.caller);
      if (engine.find(body.task_name)) {
        const detail = `task_name: ${body.task_name} is a task of this system`;
        throw new AppError(400, "invalid_parameter", detail, { parameter: "task_name" });
      }
      const context = (await asSent(c, body, "context_data")) ?? {};
      await assertStorage(c.env, TRACKED);
      const tracking = await startTracking(c.env, {
        externalId: body.task_id,
        name: body.task_name,
        module: body.task_module,
        description: body.description ?? undefined,
        user: body.user ? await callerOf(c.env.DB, body.user) : callerId(caller),
        worker: callerId(caller),
        isPending: body.status === "PENDING",
        timeoutMs: body.timeout_seconds ? Math.round(body.timeout_seconds * 1000) : undefined,
        maxRetries: body.max_retries ?? undefined,
        totalSteps: body.total_steps ?? undefined,
        context: JSON.stringify(context),
      });
      if (tracking === "ended") {
        const detail = `A task ${body.task_id} was tracked and has ended`;
        throw new AppError(409, "already_ended", detail);
      }
      if (tracking === "taken" || !mayReport(tracking.task, caller)) {
        const detail = `${body.task_id} is the id of another's task, or of one of this system`;
        throw new AppError(409, "task_id_taken", detail);
      }
      return c.json(toExecution(tracking.task, engine), tracking.created ? 201 : 200);
    })
    .openapi(reportRoute, async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const result = await asSent(c, body, "result_data");
      const task = await knownTask(c.env.DB, id);
      if (task.queue !== TRACKED) {
        throw new AppError(409, "not_tracked", `The task ${id} runs here and reports by itself`);
      }
      if (!mayReport(task, assertCaller(c.var.caller))) {
        const detail = "Another started this: to report on it needs the scope tasks:write.";
        throw new AppError(403, "forbidden", detail, { scope: "tasks:write" });
      }
      const progress = {
        percent: body.progress_percentage ?? undefined,
        step: body.current_step ?? undefined,
        stepNumber: body.step_number ?? undefined,
        totalSteps: body.total_steps ?? undefined,
      };
      const { status, error_message: message = "", error_traceback: traceback } = body;
      const reported = status
        ? await finishTracking(c.env, task, { status, result, message, traceback }, progress)
        : await reportProgress(c.env, task, progress);
      if (reported !== "done") {
        throw wrongState(reported.status);
      }
      return c.json(toExecution(await knownTask(c.env.DB, task.id), engine), 200);
    });
}

/** Of tracked work: whoever started it, whose it is, and whoever may act on every task. */
function mayReport({ worker, user }: TaskView, caller: Caller): boolean {
  const by = callerId(caller);
  // Nobody is named by work that was started before this was kept, or by a program in here.
  return worker === null || worker === by || user === by || can(caller, "tasks:write");
}

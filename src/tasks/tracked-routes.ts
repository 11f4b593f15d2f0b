import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Caller, callerId, can } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { asSent } from "../http/as-sent";
import { AppError } from "../http/errors";
import { json } from "../http/json-content";
import { problems, STORAGE_FULL } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { visibleText } from "../http/visible-text";
import { isVisible } from "../lib/visible";
import {
  MAX_JSON_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_STEP_CHARACTERS,
} from "./bounds";
import { assertStorage } from "./backpressure";
import type { Engine } from "./engine";
import { Execution, toExecution } from "./execution";
import { jsonValue } from "./json-value";
import { knownTask } from "./known-task";
import type { TaskView } from "./queries";
import { wrongState } from "./refusals";
import { TRACKED } from "./states";
import { finishTracking, reportProgress, startTracking } from "./tracked";

const oneTask = { description: "The task", content: json(Execution) };

const MAX_TIMEOUT_SECONDS = 30 * 86_400;
const KEPT_JSON = `Of more than ${MAX_JSON_CHARACTERS} characters size and beginning are kept: {too_large, characters, beginning}`;
const name = visibleText(MAX_NAME_CHARACTERS);
const externalId = visibleText(200).refine(
  (id) => id !== "." && id !== ".." && id.isWellFormed(),
  "no URL can name it",
);

const startRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["tracked work"],
  summary: "Track work that runs elsewhere",
  middleware: requireScope("tasks:track"),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({
              task_id: externalId,
              task_name: name,
              task_module: name,
              description: z
                .string()
                .default("")
                .openapi({
                  description: `Cut to ${MAX_MESSAGE_CHARACTERS} characters, with a mark`,
                }),
              user: z.string().min(1).max(200).refine(isVisible).optional(),
              context_data: jsonValue.openapi({ description: KEPT_JSON }),
              timeout_seconds: z.number().min(1).max(MAX_TIMEOUT_SECONDS).default(3600).openapi({
                description:
                  "Silent for longer, it is a FAILURE `lost`. Up to 30 days: a run elsewhere is not bound to the 14 minutes of one here.",
              }),
            })
            .openapi("TrackedStart"),
        },
      },
    },
  },
  responses: {
    201: { ...oneTask, description: "It is tracked from now on" },
    200: { ...oneTask, description: "It was tracked already" },
    ...problems({
      409: "A task of that id has ended, or is another's, or one of this system",
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
  middleware: requireScope("tasks:track"),
  request: {
    params: z.object({ id: z.string() }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({
              status: z.enum(["SUCCESS", "FAILURE"]).optional(),
              progress_percentage: z.number().min(0).max(100).optional(),
              current_step: z
                .string()
                .optional()
                .openapi({
                  description: `Cut to ${MAX_STEP_CHARACTERS} characters, with a mark`,
                }),
              total_steps: z.int().min(0).max(1_000_000).optional(),
              result_data: jsonValue.openapi({ description: KEPT_JSON }),
              error_message: z
                .string()
                .optional()
                .openapi({
                  description: `Cut to ${MAX_MESSAGE_CHARACTERS} characters, with a mark`,
                }),
            })
            .openapi("TrackedReport"),
        },
      },
    },
  },
  responses: {
    200: oneTask,
    ...problems({
      403: "It is another's, and the scope tasks:write is missing",
      404: "No such task",
      409: "It has ended, as `state` says, or is no tracked work; the report is noted",
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
        description: body.description,
        user: body.user ?? callerId(caller),
        worker: callerId(caller),
        timeoutMs: Math.round(body.timeout_seconds * 1000),
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
      const { status, error_message, ...body } = c.req.valid("json");
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
        percent: body.progress_percentage,
        step: body.current_step,
        totalSteps: body.total_steps,
      };
      const reported =
        status === undefined
          ? await reportProgress(c.env, task, progress)
          : await finishTracking(
              c.env,
              task,
              { status, result, message: error_message ?? "" },
              progress,
            );
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

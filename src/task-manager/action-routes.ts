import { OpenAPIHono, z } from "@hono/zod-openapi";
import { can } from "../caller";
import { assertCaller, requireScope } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { limitLongBody } from "../http/body-limit";
import { json } from "../http/json-content";
import { problems, STORAGE_FULL } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { isRefused } from "../lib/result";
import { actOnTask } from "../tasks/commands/act-on-task";
import { operatorOf } from "../tasks/commands/operator";
import type { Engine } from "../tasks/model/engine";
import { OneExecution, toOneExecution } from "../tasks/reading/one-execution";
import { granted } from "../tasks/commands/refusals";
import { TrackedReport, TrackedStart } from "../tasks/tracked/tracked-body";
import { reportWork, startWork } from "../tasks/tracked/tracked-work";
import { insteadUse } from "./instead-use";
import { seenTask } from "./sight";

const params = z.object({ id: z.string() });
const mayTrack = [requireScope("tasks:track"), limitLongBody()];
const TOO_LARGE = "`body_too_large`; nothing was taken";
const done = { success: z.literal(true) };
const Registered = z.object({ ...done, task: OneExecution, message: z.string() });

const registerRoute = createRoute({
  method: "post",
  path: "/register_task",
  ...insteadUse("`POST /api/tasks/executions/`"),
  summary: "Track work that runs elsewhere",
  middleware: mayTrack,
  request: {
    body: {
      required: true,
      content: json(TrackedStart.omit({ user: true, status: true }).openapi("OldTaskStart")),
    },
  },
  responses: {
    201: { description: "It is tracked from now on", content: json(Registered) },
    200: { description: "It was tracked already", content: json(Registered) },
    ...problems({
      400: "A field is wrong; `parameter` names it",
      409: "A task of that id has ended, or is another's, or one of this system",
      413: TOO_LARGE,
      ...STORAGE_FULL,
    }),
  },
});

const { current_step, step_number, total_steps } = TrackedReport.shape;

const progressRoute = createRoute({
  method: "post",
  path: "/{id}/update_progress",
  ...insteadUse("`PATCH /api/tasks/executions/{id}/`, which also takes the end"),
  summary: "Report progress of tracked work",
  middleware: mayTrack,
  request: {
    params,
    body: {
      required: true,
      content: json(
        z
          .strictObject({
            percentage: z.number().min(0).max(100).nullish(),
            step_description: current_step,
            step_number,
            total_steps,
          })
          .openapi("OldTaskProgress"),
      ),
    },
  },
  responses: {
    200: { description: "The task", content: json(z.object({ ...done, task: OneExecution })) },
    ...problems({
      400: "A field is wrong; `parameter` names it",
      403: "Another reports on it, and the scope tasks:write is missing",
      404: "No such task, or another's",
      409: "It has ended, as `state` says, or is no tracked work; the report is noted",
      413: TOO_LARGE,
    }),
  },
});

const cancelRoute = createRoute({
  method: "post",
  path: "/{id}/cancel_task",
  ...insteadUse("`POST /api/tasks/cancel/{task_id}/`"),
  summary: "Cancel a task: one's own, or any with tasks:write",
  request: { params },
  responses: {
    200: {
      description: "It is cancelled",
      content: json(z.object({ ...done, message: z.string() })),
    },
    ...problems({
      400: "It has ended, as `state` and `error` say",
      403: "It is another's that one sees, and the scope tasks:write is missing",
      404: "No such task, or, without tasks:write, one that is not seen",
    }),
  },
});

/** The old program's actions on tasks are mounted at /api/task-manager/tasks. */
export function oldActionRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(registerRoute, async (c) => {
      const { task, created } = await startWork(c, engine, {
        ...c.req.valid("json"),
        status: "PENDING",
      });
      const message = created ? "Tarea registrada." : "La tarea ya estaba registrada.";
      const answer = {
        success: true as const,
        task: await toOneExecution(c.env.DB, task, engine),
        message,
      };
      return c.json(answer, created ? 201 : 200);
    })
    .openapi(progressRoute, async (c) => {
      const { percentage, step_description, ...steps } = c.req.valid("json");
      const caller = assertCaller(c.var.caller);
      const task = await seenTask(c.env, c.req.valid("param").id, caller);
      const report = { progress_percentage: percentage, current_step: step_description, ...steps };
      const reported = await reportWork(c, task, report);
      const answer = await toOneExecution(c.env.DB, reported, engine);
      return c.json({ success: true as const, task: answer }, 200);
    })
    .openapi(cancelRoute, async (c) => {
      const { id } = c.req.valid("param");
      const caller = assertCaller(c.var.caller);
      if (!can(caller, "tasks:write")) {
        await seenTask(c.env, id, caller); // others learn only that it has ended
      }
      const done = await actOnTask(operatorOf(c, engine), "cancel", id);
      if (isRefused(done) && done.why.kind === "wrong_state") {
        const { status: state } = done.why;
        throw new AppError(400, "wrong_state", `La tarea ya ha terminado: ${state}`, { state });
      }
      granted(done);
      return c.json({ success: true as const, message: "Tarea cancelada." }, 200);
    });
}

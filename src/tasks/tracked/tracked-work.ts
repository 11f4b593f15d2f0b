/** Tracked work has one set of rules for starts and reports, by whichever route they come. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { callerId } from "../../caller";
import { assertCaller } from "../../http/require";
import { callerOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import { asSent } from "../../http/as-sent";
import { AppError } from "../../http/errors";
import { isRefused } from "../../lib/result";
import { assertStorage } from "../accepting/backpressure";
import type { Engine } from "../model/engine";
import { knownTask } from "../commands/known-task";
import { mayReport } from "../commands/permissions";
import type { TaskView } from "../model/queries";
import { granted } from "../commands/refusals";
import { TRACKED } from "../model/states";
import { startTracking, type Tracking } from "./tracked";
import type { TrackedReport, TrackedStart } from "./tracked-body";
import { finishTracking, reportProgress } from "./tracked-reports";

/** Starts tracking the work that the request describes. Throws 400, 409 and 507. */
export async function startWork(
  c: Context<AppEnv>,
  engine: Engine,
  body: z.infer<typeof TrackedStart>,
): Promise<Tracking> {
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
  if (isRefused(tracking) && tracking.why === "ended") {
    const detail = `A task ${body.task_id} was tracked and has ended`;
    throw new AppError(409, "already_ended", detail);
  }
  if (isRefused(tracking) || !mayReport(tracking.task, caller)) {
    const detail = `${body.task_id} is the id of another's task, or of one of this system`;
    throw new AppError(409, "task_id_taken", detail);
  }
  return tracking;
}

/** Takes a request's report on a task, and resolves to the task after it. Throws 403 and 409. */
export async function reportWork(
  c: Context<AppEnv>,
  task: TaskView,
  body: z.infer<typeof TrackedReport>,
): Promise<TaskView> {
  const result = await asSent(c, body, "result_data");
  if (task.queue !== TRACKED) {
    throw new AppError(409, "not_tracked", `The task ${task.id} runs here and reports by itself`);
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
  granted(
    status
      ? await finishTracking(c.env, task, { status, result, message, traceback }, progress)
      : await reportProgress(c.env, task, progress),
  );
  return knownTask(c.env, task.id);
}

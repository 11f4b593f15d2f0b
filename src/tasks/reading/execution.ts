import { z } from "@hono/zod-openapi";
import { bareId } from "../../caller";
import { parseAsSent } from "../../lib/exact-json";
import { batchIdOf } from "../../lib/ids";
import type { Engine } from "../model/engine";
import type { TaskView } from "../model/queries";
import { reportedAt } from "../model/silence";
import { isFinal, shownAs, type Status, STATUSES, TRACKED } from "../model/states";
import { timelineOf } from "../model/timeline";
import { timeoutOf } from "../model/timeout";

export function statusOf(task: TaskView): Status {
  return shownAs(task, task.running !== null);
}

const Event = z.looseObject({ at: z.iso.datetime(), event: z.string() });

const time = z.iso.datetime().nullable();

/**
 * Execution is a task in the words of the task API: the fields of the old task manager, and new ones
 * beside them. Where the old one had `""`, `{}`, 0 or 1 for nothing, so has this.
 */
export const Execution = z
  .object({
    id: z.string(),
    task_id: z.string().openapi({ description: "Of tracked work the name it has there." }),
    task_name: z.string(),
    task_module: z.string(),
    description: z.string(),
    status: z.enum(STATUSES),
    progress: z.int().openapi({ description: "The same as `progress_percentage`" }),
    progress_percentage: z.int().openapi({ description: "0 to 100" }),
    current_step: z.string(),
    total_steps: z.int().openapi({ description: "1 when not known" }),
    created_at: z.iso.datetime(),
    started_at: time,
    completed_at: time,
    updated_at: z.iso.datetime(),
    user: z.string().nullable().openapi({ description: "The id of a person or a key" }),
    user_name: z.string().nullable(),
    requested_by: z.string().nullable().openapi({ description: "user:ID or key:ID" }),
    context_data: z
      .unknown()
      .openapi({ description: "The input, numbers as sent; of a list's rows {}." }),
    result_data: z.unknown().openapi({ description: "{} when there is none" }),
    error_code: z.string().nullable().openapi({ description: "Stable; for programs." }),
    error_message: z.string(),
    error_detail: z.unknown(),
    error_traceback: z.string(),
    timeout_seconds: z.number().nullable().openapi({
      description: "What one run may take; of work elsewhere, how long it may be silent",
    }),
    retry_count: z.int(),
    max_retries: z.int(),
    attempts: z.int().openapi({ description: "Begun, the running one included." }),
    worker_name: z.string().openapi({ description: "Of tracked work its reporter." }),
    queue_name: z.string(),
    duration_seconds: z.number().openapi({ description: "0 when not known" }),
    is_finished: z.boolean(),
    is_running: z.boolean(),
    is_successful: z.boolean(),
    lote: z.string().openapi({ description: "What was accepted in one request shares it." }),
    pedido_id: z.string().nullable(),
    unread_notifications: z.int().openapi({ description: "Of its user, about this task." }),
    template: z.string().nullable(),
    replay_of: z.string().nullable().openapi({ description: "The task it is an edited copy of." }),
    discard_reason: z.string().nullable().openapi({ description: "Why it was given up on." }),
    archived: z.boolean().openapi({
      description: "It has left the database for the archive: to be looked at, and brought back.",
    }),
    timeline: z.array(Event).openapi({
      description:
        "What happened, in order. The clock moves while the task waits for something, and stands still while it computes: a stage that only computes has the time of the wait before it.",
    }),
  })
  .openapi("Execution");
export type Execution = z.infer<typeof Execution>;

/** Makes the execution of a task, without its input. `engine` has the descriptions of its tasks. */
export function toExecution(task: TaskView, engine: Engine): Execution {
  const facts = factsOf(task, engine);
  return {
    ...facts,
    progress: facts.progress_percentage,
    user: facts.requested_by === null ? null : bareId(facts.requested_by),
    user_name: task.user_name,
    context_data: {},
    result_data: facts.result_data ?? {},
    error_message: facts.error_message ?? "",
    error_traceback: facts.error_traceback ?? "",
    total_steps: facts.total_steps ?? 1,
    worker_name: facts.worker_name ?? "",
    duration_seconds: facts.duration_seconds ?? 0,
    unread_notifications: task.unread,
  };
}

/**
 * Returns what a row says, under the names of the API, with null for what is missing or unknown.
 */
export function factsOf(task: TaskView, engine: Engine, now = Date.now()) {
  const definition = engine.find(task.name);
  const status = statusOf(task);
  const startedAt = task.started_at ?? task.running?.since ?? null;
  const running = status === "STARTED" || status === "PROGRESS";
  const endedAt = task.finished_at ?? (running ? now : null);
  const timeline = timelineOf(task);
  // The timeout of tracked work is how long it may be silent.
  const runsHere = definition !== undefined && task.queue !== TRACKED;
  const timeoutMs = runsHere ? timeoutOf(definition, task) : task.timeout_ms;
  return {
    id: task.id,
    task_id: task.external_id ?? task.id,
    task_name: task.name,
    task_module: task.module,
    description: task.description ?? definition?.description ?? "",
    status,
    progress_percentage: status === "SUCCESS" ? 100 : (task.progress ?? 0),
    current_step: task.step ?? "",
    total_steps: task.total_steps,
    created_at: iso(task.created_at),
    started_at: iso(startedAt),
    completed_at: iso(task.finished_at),
    updated_at: iso(Math.max(timeline.at(-1)?.at ?? task.created_at, reportedAt(task) ?? 0)),
    requested_by: task.user,
    result_data: parse(task.result),
    error_code: task.error_code,
    error_message: task.error_message,
    error_detail: parse(task.error_detail),
    // An older version does not know this column, and leaves it behind when the error is gone.
    error_traceback:
      task.status === "FAILURE" || task.status === "RETRY" ? task.error_traceback : null,
    timeout_seconds: timeoutMs === null ? null : timeoutMs / 1000,
    retry_count: Math.max(0, task.attempts - 1),
    max_retries: Math.max(0, task.max_attempts - 1),
    attempts: task.attempts + (running ? 1 : 0),
    // The worker of tracked work is its reporter, once it is at work.
    worker_name:
      task.queue === TRACKED && status === "PENDING" ? null : (task.running?.worker ?? task.worker),
    queue_name: task.queue,
    duration_seconds: startedAt && endedAt ? Math.max(0, endedAt - startedAt) / 1000 : null,
    is_finished: isFinal(status),
    is_running: running || status === "RETRY",
    is_successful: status === "SUCCESS",
    lote: batchIdOf(task.id),
    pedido_id: task.subject,
    template: task.template,
    replay_of: task.replay_of,
    discard_reason: task.discard_reason,
    archived: task.archived !== undefined,
    timeline: timeline.map(({ at, ...event }) => ({ at: iso(at), ...event })),
  };
}

export type TaskFacts = ReturnType<typeof factsOf>;

function iso(ms: number): string;
function iso(ms: number | null): string | null;
function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function parse(json: string | null): unknown {
  return json === null ? null : parseAsSent(json);
}

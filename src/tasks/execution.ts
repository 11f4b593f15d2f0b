import { loteOf } from "./ids";
import type { Engine } from "./engine";
import type { TaskView } from "./queries";
import { isFinal, type Status } from "./states";
import { parseTimeline, type TimelineEvent } from "./timeline";

export function statusOf(task: TaskView): Status {
  if (!task.running || isFinal(task.status)) {
    return task.status;
  }
  return task.progress === null ? "STARTED" : "PROGRESS";
}

/** A task in the words of the task API: the fields of the old one, and the new beside them. */
export function toExecution(task: TaskView, engine: Engine) {
  const definition = engine.find(task.name);
  const status = statusOf(task);
  const startedAt = task.started_at ?? task.running?.since ?? null;
  const endedAt = task.finished_at ?? (task.running ? Date.now() : null);
  const timeline = timelineOf(task);
  return {
    id: task.id,
    task_id: task.id,
    task_name: task.name,
    task_module: task.module,
    description: definition?.description ?? "",
    status,
    progress_percentage: status === "SUCCESS" ? 100 : (task.progress ?? 0),
    current_step: task.step ?? timeline.at(-1)?.event ?? "",
    total_steps: task.total_steps,
    created_at: iso(task.created_at),
    started_at: iso(startedAt),
    completed_at: iso(task.finished_at),
    updated_at: iso(timeline.at(-1)?.at ?? task.created_at),
    user: task.user,
    context_data: null,
    result_data: parse(task.result),
    error_code: task.error_code,
    error_message: task.error_message,
    error_detail: parse(task.error_detail),
    error_traceback: null,
    timeout_seconds: definition ? definition.timeoutMs / 1000 : null,
    retry_count: Math.max(0, task.attempts - 1),
    max_retries: Math.max(0, task.max_attempts - 1),
    attempts: task.attempts + (task.running && !isFinal(task.status) ? 1 : 0),
    worker_name: task.running?.worker ?? task.worker,
    queue_name: task.queue,
    duration_seconds: startedAt && endedAt ? Math.max(0, endedAt - startedAt) / 1000 : null,
    is_finished: isFinal(status),
    is_running: status === "STARTED" || status === "PROGRESS" || status === "RETRY",
    is_successful: status === "SUCCESS",
    lote: loteOf(task.id),
    pedido_id: task.subject,
    timeline: timeline.map(({ at, ...event }) => ({ at: iso(at), ...event })),
  };
}

/** The stored events between the two the columns tell: queued and finished. */
function timelineOf(task: TaskView): TimelineEvent[] {
  const events: TimelineEvent[] = [
    { at: task.created_at, event: "queued" },
    ...parseTimeline(task.timeline),
  ];
  if (task.running && !isFinal(task.status)) {
    events.push({ at: task.running.since, event: "started", worker: task.running.worker });
  }
  if (task.finished_at !== null) {
    events.push({ at: task.finished_at, event: "finished", status: task.status });
  }
  return events;
}

function iso(ms: number): string;
function iso(ms: number | null): string | null;
function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function parse(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

import { z } from "@hono/zod-openapi";
import { type Status, STATUSES, TRACKED } from "../tasks/model/states";
import { OneExecution } from "../tasks/reading/one-execution";
import type { TaskView } from "../tasks/model/queries";

const NOT_FOUND = "NOT_FOUND";

const told = {
  task_id: z.string(),
  exists_locally: z.boolean(),
  exists_in_flower: z.boolean().openapi({ description: "Whether it runs here" }),
  flower_state: z.string(),
  flower_result: z.unknown(),
  flower_traceback: z.string(),
  flower_worker: z.string(),
  flower_timestamp: z.number().nullable().openapi({ description: "Unix seconds" }),
  flower_runtime: z.number().openapi({ description: "Seconds" }),
  unified_status: z.enum([...STATUSES, NOT_FOUND]),
  user_friendly_message: z.string(),
};

/** Schema of a task's status. An unknown task has only the fields that every id has. */
export const OldStatus = z
  .object({ ...OneExecution.partial().shape, module: z.string().optional(), ...told })
  .openapi("OldTaskStatus");

export function toOldStatus(task: TaskView, view: OneExecution) {
  return {
    ...view,
    module: view.task_module,
    exists_locally: true,
    exists_in_flower: task.queue !== TRACKED,
    flower_state: view.status,
    flower_result: view.result_data,
    flower_traceback: view.error_traceback,
    flower_worker: view.worker_name,
    flower_timestamp: Date.parse(view.updated_at) / 1000,
    flower_runtime: view.duration_seconds,
    unified_status: view.status,
    user_friendly_message: MESSAGES[view.status](view),
  };
}

export function oldStatusOfUnknown(task_id: string): z.infer<typeof OldStatus> {
  return {
    task_id,
    exists_locally: false,
    exists_in_flower: false,
    flower_state: "",
    flower_result: {},
    flower_traceback: "",
    flower_worker: "",
    flower_timestamp: null,
    flower_runtime: 0,
    unified_status: NOT_FOUND,
    user_friendly_message: `No existe la tarea "${task_id}".`,
  };
}

const MESSAGES: Record<Status, (task: OneExecution) => string> = {
  PENDING: ({ task_name }) => `La tarea "${task_name}" espera su turno.`,
  STARTED: ({ task_name }) => `La tarea "${task_name}" ha comenzado.`,
  PROGRESS: ({ task_name, progress_percentage: percent, current_step }) =>
    `La tarea "${task_name}" va por el ${percent} %${after(current_step)}`,
  SUCCESS: ({ task_name }) => `La tarea "${task_name}" terminó con éxito.`,
  FAILURE: ({ task_name, error_message }) => `La tarea "${task_name}" falló${after(error_message)}`,
  RETRY: ({ task_name, error_message }) =>
    `La tarea "${task_name}" se intentará otra vez${after(error_message)}`,
  REVOKED: ({ task_name }) => `La tarea "${task_name}" fue cancelada.`,
};

const after = (detail: string) => (detail ? `: ${detail}` : ".");

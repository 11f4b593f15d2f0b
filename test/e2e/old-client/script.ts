/**
 * This is a program written for the old task manager: its functions by their old names, and its
 * shared routes.
 */
import type {
  BulkCancel,
  List,
  ModuleStats,
  Notification,
  State,
  Task,
  TaskRow,
  Template,
  TemplateFields,
  UserTasks,
  Worker,
} from "./answers";
import { type Caller, get, send } from "./caller";

interface Tracking {
  description?: string;
  context_data?: unknown;
  timeout_seconds?: number;
  max_retries?: number;
  total_steps?: number;
  /** The bare id of the user on whose behalf it runs. */
  user?: string;
  status?: "PENDING";
}

export function startTaskTracking(
  caller: Caller,
  taskId: string,
  name: string,
  module: string,
  more: Tracking = {},
) {
  const data = { task_id: taskId, task_name: name, task_module: module, ...more };
  return send<Task>(caller, "POST", "/api/tasks/executions/", data);
}

/** Reports progress by a percentage, or by a step of several. */
export function updateTaskProgress(
  caller: Caller,
  executionId: string,
  progress: number | { step_number: number; total_steps?: number },
  message?: string,
) {
  const place = typeof progress === "number" ? { progress_percentage: progress } : progress;
  const step = message === undefined ? {} : { current_step: message };
  return send<Task>(caller, "PATCH", `/api/tasks/executions/${executionId}/`, {
    ...place,
    ...step,
  });
}

export function finishTask(
  caller: Caller,
  executionId: string,
  success: boolean,
  end: { result_data?: unknown; error_message?: string; error_traceback?: string } = {},
) {
  const status = success ? "SUCCESS" : "FAILURE";
  return send<Task>(caller, "PATCH", `/api/tasks/executions/${executionId}/`, { status, ...end });
}

export function getUserTasks(
  caller: Caller,
  filter: {
    user?: string;
    module?: string;
    task_module?: string;
    status?: State;
    limit?: number;
  } = {},
) {
  return get<UserTasks>(caller, "/api/tasks/user-tasks/", filter);
}

export function getModuleStats(caller: Caller, module: string, days?: number) {
  return get<ModuleStats>(caller, "/api/tasks/stats/", { module, days });
}

export function cancelUserTasks(
  caller: Caller,
  filter: { user?: string; module?: string; task_module?: string; task_name?: string } = {},
) {
  return send<BulkCancel>(caller, "POST", "/api/tasks/user-tasks/cancel/", filter);
}

export function createTaskTemplate(caller: Caller, fields: TemplateFields) {
  return send<Template>(caller, "POST", "/api/tasks/templates/", fields);
}

export function listTemplates(caller: Caller) {
  return get<List<Template>>(caller, "/api/tasks/templates/");
}

export function listExecutions(caller: Caller, query: Record<string, string> = {}) {
  return get<List<TaskRow>>(caller, "/api/tasks/executions/", query);
}

export function getExecution(caller: Caller, id: string) {
  return get<Task>(caller, `/api/tasks/executions/${id}/`);
}

export function listWorkers(caller: Caller) {
  return get<Worker[]>(caller, "/api/tasks/workers/");
}

export function cancelTask(caller: Caller, taskId: string) {
  return send<Record<string, unknown>>(caller, "POST", `/api/tasks/cancel/${taskId}/`);
}

export function listNotifications(caller: Caller, read?: boolean) {
  return get<List<Notification & Record<string, unknown>>>(caller, "/api/tasks/notifications/", {
    read,
  });
}

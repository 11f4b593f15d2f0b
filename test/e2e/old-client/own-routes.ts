/** Each route of the old program itself is the function that a program calls it by. */
import type {
  List,
  Notification,
  State,
  Task,
  TaskRow,
  TaskStatus,
  Tasks,
  Template,
  WorkersStatus,
} from "./answers";
import { type Caller, get, send } from "./caller";

const PREFIX = "/api/task-manager";

/** Lists tasks; `since` is in hours. */
export function tasks(
  caller: Caller,
  filter: { module?: string; status?: State; since?: number } = {},
) {
  return get<List<TaskRow>>(caller, `${PREFIX}/tasks/`, filter);
}

export function task(caller: Caller, id: string) {
  return get<Task>(caller, `${PREFIX}/tasks/${id}/`);
}

export function taskStatus(caller: Caller, taskId: string) {
  return get<TaskStatus>(caller, `${PREFIX}/tasks/status/${taskId}/`);
}

export function registerTask(
  caller: Caller,
  data: {
    task_id: string;
    task_name: string;
    task_module: string;
    description?: string;
    context_data?: unknown;
    timeout_seconds?: number;
    max_retries?: number;
    total_steps?: number;
  },
) {
  return send<{ success: boolean; task: Task; message: string }>(
    caller,
    "POST",
    `${PREFIX}/tasks/register_task/`,
    data,
  );
}

export function updateProgress(
  caller: Caller,
  id: string,
  data: {
    percentage?: number;
    step_description?: string;
    step_number?: number;
    total_steps?: number;
  },
) {
  return send<{ success: boolean; task: Task }>(
    caller,
    "POST",
    `${PREFIX}/tasks/${id}/update_progress/`,
    data,
  );
}

export function cancelTask(caller: Caller, id: string) {
  return send<{ success: boolean; message?: string; error?: string }>(
    caller,
    "POST",
    `${PREFIX}/tasks/${id}/cancel_task/`,
  );
}

export function workersStatus(caller: Caller) {
  return get<WorkersStatus>(caller, `${PREFIX}/tasks/workers_status/`);
}

export function activeTasks(caller: Caller) {
  return get<Tasks>(caller, `${PREFIX}/tasks/active_tasks/`);
}

export function myTasks(caller: Caller, limit?: number) {
  return get<Tasks>(caller, `${PREFIX}/tasks/my_tasks/`, { limit });
}

export function moduleTasks(caller: Caller, module: string, limit?: number) {
  return get<Tasks>(caller, `${PREFIX}/tasks/module_tasks/`, { module, limit });
}

export function notifications(caller: Caller, read?: boolean) {
  return get<List<Notification>>(caller, `${PREFIX}/notifications/`, { read });
}

export function markAsRead(caller: Caller, id: string) {
  return send<{ success: boolean; notification: Notification }>(
    caller,
    "POST",
    `${PREFIX}/notifications/${id}/mark_as_read/`,
  );
}

export function markAllRead(caller: Caller) {
  return send<{ success: boolean; marked_count: number }>(
    caller,
    "POST",
    `${PREFIX}/notifications/mark_all_read/`,
  );
}

export function templates(caller: Caller, module?: string) {
  return get<List<Template>>(caller, `${PREFIX}/templates/`, { module });
}

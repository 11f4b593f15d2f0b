/** Programs of the old task manager read these answers, by the names they know. */

export type State =
  | "PENDING"
  | "STARTED"
  | "PROGRESS"
  | "SUCCESS"
  | "FAILURE"
  | "RETRY"
  | "REVOKED";

export interface List<Row> {
  count: number;
  next: string | null;
  previous: string | null;
  results: Row[];
}

/** TaskRow is a row of a list. */
export interface TaskRow {
  id: string;
  task_id: string;
  task_name: string;
  task_module: string;
  description: string;
  status: State;
  progress_percentage: number;
  progress: number;
  current_step: string;
  total_steps: number;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  updated_at: string;
  user: string | null;
  user_name: string | null;
  context_data: unknown;
  result_data: unknown;
  error_message: string;
  error_traceback: string;
  timeout_seconds: number;
  retry_count: number;
  max_retries: number;
  worker_name: string;
  queue_name: string;
  duration_seconds: number;
  is_finished: boolean;
  unread_notifications: number;
  /** Who it is, and whether a person or a key; the old answers did not have it. */
  requested_by: string | null;
}

/** Task is a single task. */
export interface Task extends TaskRow {
  is_running: boolean;
  is_successful: boolean;
  notifications: Notification[];
}

export interface Notification {
  id: string;
  type: "info" | "success" | "warning" | "error" | "progress";
  title: string;
  message: string;
  details: unknown;
  created_at: string;
  read: boolean;
}

/** UserTask is a task as its user's list has it. */
interface UserTask {
  id: string;
  task_id: string;
  task_name: string;
  task_module: string;
  status: State;
  description: string;
  created_at: string;
  updated_at: string;
  progress: number;
  result: unknown;
  error_message: string;
}

export interface UserTasks extends List<TaskRow> {
  tasks: UserTask[];
  stats: {
    total: number;
    pending: number;
    started: number;
    success: number;
    failure: number;
    revoked: number;
  };
}

export interface ModuleStats {
  total_tasks: number;
  success_rate: number;
  avg_duration: number;
  by_status: Record<"PENDING" | "STARTED" | "SUCCESS" | "FAILURE" | "REVOKED", number>;
  by_task_name: Record<string, number>;
  recent_failures: {
    task_name: string;
    error_message: string;
    created_at: string;
    user: string | null;
    task_id: string;
    error_code: string | null;
  }[];
  p50_duration: number | null;
  p95_duration: number | null;
  outcomes_by_task_name: Record<string, { total: number; success: number; failure: number }>;
}

export interface BulkCancel {
  cancelled: number;
  failed: number;
  total_attempted: number;
}

interface NotificationSettings {
  notify_on_start?: boolean;
  notify_on_complete?: boolean;
  notify_on_error?: boolean;
  /** The step in percent after which each notification of progress comes. */
  notify_on_progress?: number;
}

export interface TemplateFields {
  name: string;
  task_name: string;
  module?: string;
  description?: string;
  default_parameters?: Record<string, unknown>;
  /** The duration in seconds. */
  estimated_duration?: number;
  default_timeout?: number;
  default_max_retries?: number;
  typical_steps?: string[];
  notification_settings?: NotificationSettings;
  is_active?: boolean;
}

export type Template = Required<TemplateFields>;

export interface Worker {
  worker: string;
  queue: string;
  since: string;
  lease_expires_at: string;
  batch_size: number;
  tasks: unknown;
}

/** TaskStatus is a task's status as the old program put its own record and Flower's together. */
export interface TaskStatus extends Partial<Task> {
  task_id: string;
  module?: string;
  exists_locally: boolean;
  exists_in_flower: boolean;
  flower_state: string;
  flower_result: unknown;
  flower_traceback: string;
  flower_worker: string;
  flower_timestamp: unknown;
  flower_runtime: unknown;
  unified_status: State | "NOT_FOUND";
  user_friendly_message: string;
}

export interface WorkersStatus {
  success: boolean;
  workers: {
    name: string;
    status: "active" | "inactive";
    active_tasks: number;
    total_tasks: number;
    queues: string[];
    uptime: unknown;
  }[];
  total_workers: number;
  active_workers: number;
}

export interface Tasks {
  success: boolean;
  tasks: TaskRow[];
  count: number;
}

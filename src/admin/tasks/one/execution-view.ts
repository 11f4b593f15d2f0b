import type { TaskFacts } from "../../../tasks/reading/execution";

/**
 * Returns why a task ended or waits. A task that runs again still has the error of its last end,
 * which does not count.
 */
export function errorOf(task: TaskFacts): { code: string; message: string } | null {
  const { status, error_code: code, error_message: message } = task;
  const counts = status === "FAILURE" || status === "REVOKED" || status === "RETRY";
  return counts && code !== null ? { code, message: message ?? "" } : null;
}

import type { TaskFacts } from "../../../tasks/reading/execution";

/** Why it ended or waits. A task on its way again still bears the error of its last end. */
export function errorOf(task: TaskFacts): { code: string; message: string } | null {
  const { status, error_code: code, error_message: message } = task;
  const counts = status === "FAILURE" || status === "REVOKED" || status === "RETRY";
  return counts && code !== null ? { code, message: message ?? "" } : null;
}

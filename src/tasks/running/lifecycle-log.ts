import { log } from "../../log";
import { logsEach } from "../model/small-batch";
import type { Claimed } from "./claim";
import type { Settled } from "./settle";

export function logStarted({ claimed, lease: { worker } }: Claimed): void {
  if (!logsEach(claimed.length)) {
    return;
  }
  for (const { id: taskId, name, subject, attempts } of claimed) {
    log.info("task.started", { taskId, name, subject, attempt: attempts + 1, worker });
  }
}

/**
 * Logs a line per task of a small batch. A large batch gets one line that also lists its failures,
 * as a line each would cost as much as the work itself.
 */
export function logSettled({ tasks }: Settled, durationMs: number): void {
  const ended = tasks.map(({ row: { id: taskId, name, subject }, settled }) => {
    const outcome: string = settled?.status ?? "GONE";
    const code = settled?.error_code ?? undefined;
    return { taskId, name, subject, outcome, code, settled };
  });
  if (logsEach(tasks.length)) {
    for (const { settled, ...task } of ended) {
      const message = settled?.error_message ?? undefined;
      log.info("task.settled", { ...task, message, attempt: settled?.attempts, durationMs });
    }
    return;
  }
  const outcomes = Object.fromEntries(
    [...Map.groupBy(ended, ({ outcome }) => outcome)].map(([outcome, of]) => [outcome, of.length]),
  );
  const failures = ended
    .filter(({ outcome }) => outcome === "FAILURE")
    .map(({ taskId, subject, code }) => ({ taskId, subject, code }));
  log.info("batch.settled", { tasks: tasks.length, ...outcomes, durationMs, failures });
}

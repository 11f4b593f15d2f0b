import { log } from "../../log";
import type { ClaimedRow } from "./claim";
import type { Run } from "./change";
import type { SettledRow } from "./settle";
import { logsEach } from "../model/small-batch";

export function logStarted(rows: ClaimedRow[], worker: string): void {
  if (!logsEach(rows.length)) {
    return;
  }
  for (const { id: taskId, name, subject, attempts } of rows) {
    log.info("task.started", { taskId, name, subject, attempt: attempts + 1, worker });
  }
}

/**
 * A line per task of a small batch; of a large one a single line that also lists its failures: a
 * line each would cost as much as the work itself.
 */
export function logSettled(
  runs: Run[],
  settled: Map<string, SettledRow>,
  durationMs: number,
): void {
  const ended = runs.map(({ row: { id: taskId, name, subject } }) => {
    const now = settled.get(taskId);
    const outcome: string = now?.status ?? "GONE";
    const code = now?.error_code ?? undefined;
    return { taskId, name, subject, outcome, code, now };
  });
  if (logsEach(runs.length)) {
    for (const { now, ...task } of ended) {
      const message = now?.error_message ?? undefined;
      log.info("task.settled", { ...task, message, attempt: now?.attempts, durationMs });
    }
    return;
  }
  const outcomes = Object.fromEntries(
    [...Map.groupBy(ended, ({ outcome }) => outcome)].map(([outcome, of]) => [outcome, of.length]),
  );
  const failures = ended
    .filter(({ outcome }) => outcome === "FAILURE")
    .map(({ taskId, subject, code }) => ({ taskId, subject, code }));
  log.info("batch.settled", { tasks: runs.length, ...outcomes, durationMs, failures });
}

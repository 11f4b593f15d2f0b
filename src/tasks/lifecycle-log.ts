import { isDebug, log } from "../log";
import type { ClaimedRow } from "./claim";
import type { Run, SettledRow } from "./settle";

/** Up to this many tasks a line each, so that a person can watch a small batch go by. */
export const SMALL_BATCH = 20;

export function logsEach(size: number): boolean {
  return size <= SMALL_BATCH || isDebug();
}

export function logStarted(rows: ClaimedRow[], worker: string): void {
  if (!logsEach(rows.length)) {
    return;
  }
  for (const { id: taskId, name, subject, attempts } of rows) {
    log.info("task.started", { taskId, name, subject, attempt: attempts + 1, worker });
  }
}

/** A line per task of a small batch; of a large one a summary, and a line per failure. */
export function logSettled(runs: Run[], settled: Map<string, SettledRow>, startedAt: number): void {
  const each = logsEach(runs.length);
  const outcomes: Record<string, number> = {};
  const durationMs = Date.now() - startedAt;
  for (const { row } of runs) {
    const now = settled.get(row.id);
    const outcome = now?.status ?? "GONE";
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (each || outcome === "FAILURE") {
      log.info("task.settled", {
        taskId: row.id,
        name: row.name,
        subject: row.subject,
        outcome,
        attempt: now?.attempts,
        durationMs,
        ...(now?.error_code ? { code: now.error_code, message: now.error_message } : {}),
      });
    }
  }
  if (!each) {
    log.info("batch.settled", { tasks: runs.length, ...outcomes, durationMs });
  }
}

/**
 * Tracked work may be silent for a limited time only; `check_at` of its row says when that is over.
 */
import type { TaskRow } from "./queries";
import { isFinal, runsElsewhere, STARTED_ELSEWHERE, TRACKED } from "./states";

/** Work that waits in somebody else's queue reports nothing, however often it must once it runs. */
const PENDING_SILENCE_MS = 24 * 3_600_000;

export const pendingSilence = (timeoutMs: number) => Math.max(timeoutMs, PENDING_SILENCE_MS);

/** Makes SQL of how long a row may be silent; `starts` is SQL of whether its report starts it. */
export function silenceSql(starts = "false"): string {
  const runs = `(${starts} OR ${STARTED_ELSEWHERE})`;
  return `iif(${runs}, timeout_ms, max(timeout_ms, ${PENDING_SILENCE_MS}))`;
}

/**
 * Returns when open tracked work last reported, if only that it is alive; null for any other task.
 */
export function reportedAt(task: TaskRow): number | null {
  const { queue, status, timeout_ms: timeoutMs, check_at: checkAt } = task;
  if (queue !== TRACKED || isFinal(status) || timeoutMs === null) {
    return null;
  }
  return checkAt - (runsElsewhere(task) ? timeoutMs : pendingSilence(timeoutMs));
}

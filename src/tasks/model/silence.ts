/** How long work elsewhere may be silent: `check_at` of its row is when that is over. */
import type { TaskRow } from "./queries";
import { isFinal, runsElsewhere, STARTED_ELSEWHERE, TRACKED } from "./states";

/** What waits in somebody else's queue reports nothing, however soon it must once it runs. */
const PENDING_SILENCE_MS = 24 * 3_600_000;

export const pendingSilence = (timeoutMs: number) => Math.max(timeoutMs, PENDING_SILENCE_MS);

/** SQL of how long a row may be silent; `starts`: SQL of whether it starts with what it reports. */
export function silenceSql(starts = "false"): string {
  const runs = `(${starts} OR ${STARTED_ELSEWHERE})`;
  return `iif(${runs}, timeout_ms, max(timeout_ms, ${PENDING_SILENCE_MS}))`;
}

/** When open work elsewhere last reported, also that it is only alive; null of any other task. */
export function reportedAt(task: TaskRow): number | null {
  const { queue, status, timeout_ms: timeoutMs, check_at: checkAt } = task;
  if (queue !== TRACKED || isFinal(status) || timeoutMs === null) {
    return null;
  }
  return checkAt - (runsElsewhere(task) ? timeoutMs : pendingSilence(timeoutMs));
}

import type { TaskDefinition } from "./define";

/**
 * A queue's consumer lives 15 minutes, in which it also claims before a run and settles after it.
 */
export const MAX_TIMEOUT_SECONDS = 14 * 60;
export const MAX_TIMEOUT_MS = MAX_TIMEOUT_SECONDS * 1000;

/** Tracked work is bound to no consumer, so it may be silent for longer than a run may take. */
export const MAX_SILENT_SECONDS = 30 * 86_400;
export const DEFAULT_SILENT_SECONDS = 3600;

/**
 * A delivery's last run must end this long after it came, even a run that began late. The rest of
 * the 15 minutes is for settling it.
 */
export const MAX_RUNNING_MS = MAX_TIMEOUT_MS + 30_000;

/** Returns how long a run may take. Rows and templates of older versions may ask for more. */
export function timeoutOf(definition: TaskDefinition, row: { timeout_ms: number | null }): number {
  const own = definition.kind === "single" ? row.timeout_ms : null;
  return Math.min(own ?? definition.timeoutMs, MAX_TIMEOUT_MS);
}

import type { TaskDefinition } from "./define";

/** A queue's consumer lives 15 minutes; before a run it claims, and after it it settles. */
export const MAX_TIMEOUT_SECONDS = 14 * 60;
export const MAX_TIMEOUT_MS = MAX_TIMEOUT_SECONDS * 1000;

/** Work elsewhere is bound to no consumer: so long it may be silent, and is if it does not say. */
export const MAX_SILENT_SECONDS = 30 * 86_400;
export const DEFAULT_SILENT_SECONDS = 3600;

/**
 * So long after a delivery came the last of its runs must have ended, also one that began late: what
 * is left of the 15 minutes is for settling it.
 */
export const MAX_RUNNING_MS = MAX_TIMEOUT_MS + 30_000;

/** How long a run of a task may take: rows and templates of older versions may say more. */
export function timeoutOf(definition: TaskDefinition, row: { timeout_ms: number | null }): number {
  const own = definition.kind === "single" ? row.timeout_ms : null;
  return Math.min(own ?? definition.timeoutMs, MAX_TIMEOUT_MS);
}

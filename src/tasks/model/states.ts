/** The states of a task; the words are those of the task API. */
export const STATUSES = [
  "PENDING",
  "STARTED",
  "PROGRESS",
  "RETRY",
  "SUCCESS",
  "FAILURE",
  "REVOKED",
] as const;
export type Status = (typeof STATUSES)[number];

/**
 * States a row can hold. STARTED and PROGRESS are not among them: a task is started while a lease
 * lists it, and in progress when it has also said how far it is. So starting a batch writes one row,
 * and a consumer that dies leaves none to mend.
 */
export type StoredStatus = "PENDING" | "RETRY" | FinalStatus;
export type FinalStatus = "SUCCESS" | "FAILURE" | "REVOKED";

export function isFinal(status: string): status is FinalStatus {
  return status === "SUCCESS" || status === "FAILURE" || status === "REVOKED";
}

/** The queue that work elsewhere names; no such queue exists. */
export const TRACKED = "tracked";

/**
 * SQL of whether a row of that queue runs, and does so until it ends: one that was registered ahead
 * waits in somebody else's queue. An older version notes its progress, but not when it started.
 */
export const STARTED_ELSEWHERE = "(started_at IS NOT NULL OR coalesce(progress, 0) > 0)";

/** Whether a row of any queue is work elsewhere that runs. */
export function runsElsewhere(row: {
  queue: string;
  started_at: number | null;
  progress: number | null;
}): boolean {
  return row.queue === TRACKED && (row.started_at !== null || (row.progress ?? 0) > 0);
}

/** The state a row shows as; `isHeld`: a lease lists it. */
export function shownAs(
  row: Parameters<typeof runsElsewhere>[0] & { status: StoredStatus },
  isHeld: boolean,
): Status {
  if (isFinal(row.status) || !(isHeld || runsElsewhere(row))) {
    return row.status;
  }
  return row.progress === null ? "STARTED" : "PROGRESS";
}

/** Repeated to the letter by every query that is to use the partial index `tasks_open`. */
export const OPEN = "status IN ('PENDING','RETRY')";
/** Repeated to the letter by every query that is to use the partial index `tasks_failed`. */
export const FAILED = "status IN ('FAILURE','REVOKED')";

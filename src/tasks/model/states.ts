/** The states of a task are named as in the task API. */
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
 * A row cannot hold STARTED or PROGRESS: a task is started while a lease lists it, and in progress
 * once it has also said how far it is. So starting a batch writes one row, and a consumer that dies
 * leaves no state to mend.
 */
export type StoredStatus = "PENDING" | "RETRY" | FinalStatus;
export type FinalStatus = "SUCCESS" | "FAILURE" | "REVOKED";

export function isFinal(status: string): status is FinalStatus {
  return status === "SUCCESS" || status === "FAILURE" || status === "REVOKED";
}

/** Tracked work has this queue in its row, though no such queue exists. */
export const TRACKED = "tracked";

/**
 * This SQL tells whether tracked work runs, which it does until it ends; work that was registered
 * ahead waits in somebody else's queue. An older version stores its progress but no start.
 */
export const STARTED_ELSEWHERE = "(started_at IS NOT NULL OR coalesce(progress, 0) > 0)";

/** Tells whether a row of any queue is tracked work that runs. */
export function runsElsewhere(row: {
  queue: string;
  started_at: number | null;
  progress: number | null;
}): boolean {
  return row.queue === TRACKED && (row.started_at !== null || (row.progress ?? 0) > 0);
}

/** Returns the state a row is shown as; `isHeld` says whether a lease lists it. */
export function shownAs(
  row: Parameters<typeof runsElsewhere>[0] & { status: StoredStatus },
  isHeld: boolean,
): Status {
  if (isFinal(row.status) || !(isHeld || runsElsewhere(row))) {
    return row.status;
  }
  return row.progress === null ? "STARTED" : "PROGRESS";
}

/** A query must repeat this condition to the letter to use the partial index `tasks_open`. */
export const OPEN = "status IN ('PENDING','RETRY')";
/** A query must repeat this condition to the letter to use the partial index `tasks_failed`. */
export const FAILED = "status IN ('FAILURE','REVOKED')";

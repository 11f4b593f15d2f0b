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

/** The lane of work that runs elsewhere: it has no queue, and is running until it ends. */
export const TRACKED = "tracked";

/** Repeated to the letter by every query that is to use the partial index `tasks_open`. */
export const OPEN = "status IN ('PENDING','RETRY')";
/** Likewise for `tasks_failed`. */
export const FAILED = "status IN ('FAILURE','REVOKED')";

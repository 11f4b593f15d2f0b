/** A claimed row becomes the task that its handler sees, or the reason why it cannot run here. */
import { parseExact } from "../../lib/exact-json";
import { isRefused, Refused, type Result } from "../../lib/result";
import { readInput } from "../accepting/input";
import type { Outcome, FailureReason, Task, TaskDefinition } from "../model/define";
import type { ClaimedRow } from "./claim";

/** Readable is a row whose input its definition takes. */
export interface Readable {
  row: ClaimedRow;
  task: Task<unknown>;
}

/** Ended is a row whose run is over, or that no handler is to see. */
export interface Ended {
  row: ClaimedRow;
  /** How the run ended; "suspect" if its batch threw, and any task of it may be to blame. */
  outcome: Outcome | "suspect";
  /** What its definition's `commit` stores, if the run left anything. */
  stored?: { value: unknown };
}

/** Makes the task of a row, or its outcome if its definition does not take its input. */
export function readTask(
  row: ClaimedRow,
  definition: TaskDefinition,
  now: number,
): Result<Readable, Ended> {
  const read = readInput(definition, row.input);
  if (!isRefused(read)) {
    return { row, task: toTask(row, read.input, now) };
  }
  const { field, message: problem, isUnknown } = read.why;
  const message = field === "" ? problem : `${field}: ${problem}`;
  const reason = { code: "invalid_input", message };
  return new Refused({
    row,
    outcome: isUnknown ? leaveToNewer(row, reason, now) : { kind: "reject", reason },
  });
}

/** Returns the outcome of a row whose name nobody defines. */
export function unknownTask(row: ClaimedRow, now: number): Outcome {
  const message = `No task is defined under the name ${row.name}`;
  return leaveToNewer(row, { code: "unknown_task", message }, now);
}

/** A task that is still unknown this long after its first run began is known to no version. */
const PATIENCE_MS = 3_600_000;

/**
 * Leaves what this version does not know to a newer one: during a deployment, for hours if it is
 * gradual, both take work of one queue. The task waits for a consumer that knows it.
 */
function leaveToNewer(row: ClaimedRow, reason: FailureReason, now: number): Outcome {
  const isOld = now - (row.started_at ?? now) > PATIENCE_MS;
  return { kind: isOld ? "reject" : "defer", reason };
}

export function toTask(
  row: Omit<ClaimedRow, "input">,
  input: unknown,
  now = Date.now(),
): Task<unknown> {
  return {
    id: row.id,
    name: row.name,
    subject: row.subject,
    user: row.user,
    input,
    attempt: row.attempts + 1,
    deferrals: row.deferrals,
    createdAt: row.created_at,
    startedAt: row.started_at ?? now,
    checkpoint: row.checkpoint === null ? null : parseExact(row.checkpoint),
  };
}

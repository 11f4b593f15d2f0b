/** A claimed row as its handler sees it, or why it cannot run here. */
import { parseExact } from "../../lib/exact-json";
import { isRefused, Refused, type Result } from "../../lib/result";
import { readInput } from "../accepting/input";
import type { Outcome, FailureReason, Task, TaskDefinition } from "../model/define";
import type { ClaimedRow } from "./claim";

/** A row whose input its definition takes. */
export interface Readable {
  row: ClaimedRow;
  task: Task<unknown>;
}

/** A row whose run is over, or that no handler is to see. */
export interface Ended {
  row: ClaimedRow;
  /** "suspect": its batch's handler threw, and nobody knows for which of them. It runs again, alone. */
  outcome: Outcome | "suspect";
  /** What its definition's `commit` stores, if it left anything. */
  stored?: { value: unknown };
}

/** A row as a task of its definition, if that takes its input. */
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

/** The outcome of a row whose name nobody defines. */
export function unknownTask(row: ClaimedRow, now: number): Outcome {
  const message = `No task is defined under the name ${row.name}`;
  return leaveToNewer(row, { code: "unknown_task", message }, now);
}

/** A task that is still unknown so long after its first delivery is known to nobody. */
const PATIENCE_MS = 3_600_000;

/**
 * What this version does not know may be of a newer one: during a deployment both take work of one
 * queue, for hours in a gradual one. Such a task waits for a consumer that knows it.
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

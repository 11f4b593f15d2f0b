/**
 * What this version does not know may be of a newer one: during a deployment both take work of one
 * queue, for hours in a gradual one. Such a task waits for a consumer that knows it.
 */
import type { ClaimedRow } from "./claim";
import type { Outcome, Reason } from "../model/define";

/** So long after its first delivery nobody knows it. */
const PATIENCE_MS = 3_600_000;

export function leaveToNewer(
  row: Pick<ClaimedRow, "started_at">,
  reason: Reason,
  now: number,
): Outcome {
  const isOld = now - (row.started_at ?? now) > PATIENCE_MS;
  return { kind: isOld ? "reject" : "defer", reason };
}

import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { isRefused, type Result } from "../../lib/result";
import { enqueueOne } from "../accepting/enqueue";
import { bulk, type BulkInput } from "./bulk";
import { reasonFor } from "./doable";
import type { Operator } from "./operator";
import type { Refusal } from "./refusals";

/**
 * Starts the task that does an action to everything in a filter, and resolves to its id. A discard
 * needs a reason. `asked` is the filter in the words of the request, for the audit log.
 */
export async function actOnMany(
  operator: Operator,
  { action, filter, reason: typed }: Omit<BulkInput, "reason"> & { reason?: unknown },
  asked: Record<string, unknown>,
): Promise<Result<string, Refusal>> {
  const reason = reasonFor(action, typed);
  if (isRefused(reason)) {
    return reason;
  }
  const user = callerId(operator.caller);
  const id = await enqueueOne(operator.env, bulk, { action, filter, reason }, { user });
  await audit(operator, `tasks.${action}`, id, { action, reason, ...asked });
  return id;
}

import { audit } from "../../audit/audit";
import { callerId, can } from "../../caller";
import { isRefused, Refused, type Result } from "../../lib/result";
import { getTask } from "../model/queries";
import { actOn } from "./actions";
import { type Action, reasonFor } from "./doable";
import type { Operator } from "./operator";
import { mayCancel } from "./permissions";
import type { Refusal } from "./refusals";

/**
 * Cancels, retries or discards one task, named by its id or its external id. A discard needs a
 * reason. Everybody may cancel what they asked for themselves.
 */
export async function actOnTask(
  operator: Operator,
  action: Action,
  id: string,
  typed?: unknown,
): Promise<Result<"done", Refusal>> {
  const { env, engine, caller } = operator;
  const reason = reasonFor(action, typed);
  if (isRefused(reason)) {
    return reason;
  }
  if (!can(caller, "tasks:write")) {
    // A task that does not exist is refused like another's, so that nobody learns which tasks
    // exist.
    const task = action === "cancel" ? await getTask(env.DB, id) : null;
    if (!task || !mayCancel(task, caller)) {
      return new Refused({ kind: "needs_scope", scope: "tasks:write" });
    }
  }
  const result = await actOn(env, engine, action, id, { by: callerId(caller), reason });
  if (!isRefused(result)) {
    await audit(operator, `task.${action}`, id, reason === undefined ? undefined : { reason });
  }
  return result;
}

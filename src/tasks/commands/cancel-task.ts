import type { Context } from "hono";
import { audit } from "../../audit/audit";
import { callerId, can } from "../../caller";
import { assertCaller } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { type ActionResult, actOn } from "./actions";
import type { Engine } from "../model/engine";
import { assertMayCancel } from "./permissions";
import { getTask } from "../model/queries";

/** Cancels a task for the caller of a request, and notes it. Throws 403. */
export async function cancelTask(
  c: Context<AppEnv>,
  engine: Engine,
  id: string,
): Promise<ActionResult> {
  const caller = assertCaller(c.var.caller);
  if (!can(caller, "tasks:write")) {
    assertMayCancel(await getTask(c.env.DB, id), caller);
  }
  const result = await actOn(c.env, engine, "cancel", id, { by: callerId(caller) });
  if (result === "done") {
    await audit(c, "task.cancel", id);
  }
  return result;
}

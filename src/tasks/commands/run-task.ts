import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { isRecord } from "../../lib/record";
import { isRefused, type Result } from "../../lib/result";
import { badInput, startTask } from "../accepting/start";
import type { Template } from "../templates/templates";
import type { Operator } from "./operator";
import type { Refusal } from "./refusals";
import type { Startable } from "./startable";

export const MAX_DELAY_SECONDS = 30 * 86_400;

/** Starts a task, with its input laid over its template's defaults. Resolves to its id. */
export async function runTask(
  operator: Operator,
  { definition, template }: Startable,
  sent: unknown,
  delaySeconds: number,
): Promise<Result<string, Refusal>> {
  if (template !== null && sent !== undefined && !isRecord(sent)) {
    return badInput("", "must be an object");
  }
  const input = template === null ? sent : { ...template.defaults, ...(sent as object) };
  const id = await startTask(operator.env, definition, input, {
    user: callerId(operator.caller),
    delayMs: Math.round(delaySeconds * 1000),
    ...(template && { template: overridesOf(template) }),
  });
  if (!isRefused(id)) {
    const detail = { task_name: definition.name, ...(template && { template: template.name }) };
    await audit(operator, "task.run", id, detail);
  }
  return id;
}

/** Returns what a task takes from its template rather than from its definition. */
function overridesOf({ name, maxRetries, timeoutSeconds, notify }: Template) {
  return {
    name,
    notify,
    ...(maxRetries !== null && { attempts: maxRetries + 1 }),
    ...(timeoutSeconds !== null && { timeoutMs: timeoutSeconds * 1000 }),
  };
}

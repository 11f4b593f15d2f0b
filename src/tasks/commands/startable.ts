/** What a caller may start: a task, or a template of one. */
import { type Caller, ROLES } from "../../caller";
import { AppError } from "../../http/errors";
import { isRecord } from "../../lib/record";
import type { TaskDefinition } from "../model/define";
import type { Engine } from "../model/engine";
import { badInput } from "./refusals";
import { isForWorkElsewhere } from "../templates/template-view";
import { getTemplate, type Template } from "../templates/templates";

/** Whether a caller's rank is enough; what else it needs is the scope tasks:write. */
export function mayStart({ startedBy: least }: TaskDefinition, caller: Caller): boolean {
  if (least === null) {
    return false;
  }
  return caller.kind === "user"
    ? ROLES.indexOf(caller.role) >= ROLES.indexOf(least)
    : least !== "admin"; // a key administers nothing
}

/** The task of that name if this caller may start it. Throws 404 and 403. */
export function startable(engine: Engine, name: string, caller: Caller): TaskDefinition {
  const definition = engine.find(name);
  if (!definition || definition.startedBy === null) {
    throw new AppError(404, "unknown_task", `There is no task ${name} to be started`);
  }
  if (!mayStart(definition, caller)) {
    throw new AppError(
      403,
      "forbidden",
      `Starting ${name} needs the role ${definition.startedBy}.`,
    );
  }
  return definition;
}

/** Throws 400 unless the input is an object, or not given. */
export function layOver(
  defaults: Record<string, unknown>,
  input: unknown,
): Record<string, unknown> {
  if (input !== undefined && !isRecord(input)) {
    throw badInput({ field: "", message: "must be an object" });
  }
  return { ...defaults, ...input };
}

/**
 * The active template of that name and its task, if this caller may start it. Throws 404 and 403, and
 * 409 for one of work that nothing here starts.
 */
export async function runnable(
  db: D1Database,
  engine: Engine,
  name: string,
  caller: Caller,
): Promise<{ template: Template; definition: TaskDefinition }> {
  const template = await getTemplate(db, name);
  if (!template?.active) {
    throw new AppError(404, "unknown_template", `There is no active template ${name}`);
  }
  if (isForWorkElsewhere(template, engine)) {
    const detail = `${template.taskName} of ${template.module} runs elsewhere: it is tracked here, and started there`;
    throw new AppError(409, "runs_elsewhere", detail);
  }
  return { template, definition: startable(engine, template.taskName, caller) };
}

/** What a task takes from its template rather than from its definition. */
export function overridesOf({ name, maxRetries, timeoutSeconds, notify }: Template) {
  return {
    name,
    notify,
    ...(maxRetries !== null && { attempts: maxRetries + 1 }),
    ...(timeoutSeconds !== null && { timeoutMs: timeoutSeconds * 1000 }),
  };
}

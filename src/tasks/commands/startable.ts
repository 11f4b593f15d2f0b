/** Callers may start a task, by itself or from a template, if their rank allows it. */
import { type Caller, ROLES } from "../../caller";
import { isRefused, Refused, type Result } from "../../lib/result";
import type { TaskDefinition } from "../model/define";
import type { Engine } from "../model/engine";
import { isForWorkElsewhere } from "../templates/template-view";
import { getTemplate, type Template } from "../templates/templates";
import type { Refusal } from "./refusals";

/** Startable is a task that its caller may start, by itself or from a template. */
export interface Startable {
  definition: TaskDefinition;
  template: Template | null;
}

/** Tells whether a caller's rank is enough to start a task; the scope tasks:write is needed too. */
export function mayStart({ startedBy: least }: TaskDefinition, caller: Caller): boolean {
  if (least === null) {
    return false;
  }
  return caller.kind === "user"
    ? ROLES.indexOf(caller.role) >= ROLES.indexOf(least)
    : least !== "admin"; // A key never has an administrator's rights.
}

/** Finds the definition of a task that the caller may start. */
export function startable(
  engine: Engine,
  name: string,
  caller: Caller,
): Result<TaskDefinition, Refusal> {
  const definition = engine.find(name);
  if (!definition || definition.startedBy === null) {
    return new Refused({ kind: "no_definition", name });
  }
  return mayStart(definition, caller)
    ? definition
    : new Refused({ kind: "needs_role", name, role: definition.startedBy });
}

/** Finds the active template of that name, and its task's definition. */
export async function startableTemplate(
  db: D1Database,
  engine: Engine,
  name: string,
  caller: Caller,
): Promise<Result<Startable, Refusal>> {
  const template = await getTemplate(db, name);
  if (!template?.active) {
    return new Refused({ kind: "no_active_template", name });
  }
  const { taskName, module } = template;
  if (isForWorkElsewhere(template, engine)) {
    return new Refused({ kind: "runs_elsewhere", name: taskName, module });
  }
  const definition = startable(engine, taskName, caller);
  return isRefused(definition) ? definition : { definition, template };
}

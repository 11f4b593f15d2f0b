/** A template may be changed by whoever may start its task, and must agree with that task. */
import { audit } from "../../audit/audit";
import { isRefused, Refused, type Result } from "../../lib/result";
import { MAX_TIMEOUT_SECONDS } from "../model/timeout";
import {
  deactivateTemplate,
  getTemplate,
  saveTemplate,
  type Template,
  type TemplateDraft,
} from "../templates/templates";
import type { Operator } from "./operator";
import type { Refusal } from "./refusals";
import { startable } from "./startable";

export async function knownTemplate(
  db: D1Database,
  name: string,
): Promise<Result<Template, Refusal>> {
  return (await getTemplate(db, name)) ?? new Refused({ kind: "no_template", name });
}

/** Creates a template or changes the one of that name. Throws 409 `too_many_templates`. */
export async function changeTemplate(
  operator: Operator,
  draft: TemplateDraft,
): Promise<Result<Template, Refusal>> {
  const { DB: db } = operator.env;
  const agreed = ofItsTask(draft, operator);
  if (isRefused(agreed)) {
    return agreed;
  }
  const before = await changeable(operator, draft.name);
  if (isRefused(before)) {
    return before;
  }
  const template = await saveTemplate(db, agreed);
  await audit(operator, "template.save", template.name, { task_name: template.taskName });
  return template;
}

/** Deactivates a template, which then refuses to run until it is saved as active again. */
export async function retireTemplate(
  operator: Operator,
  name: string,
): Promise<Result<Template, Refusal>> {
  const { DB: db } = operator.env;
  const before = await changeable(operator, name);
  if (isRefused(before)) {
    return before;
  }
  const template = await deactivateTemplate(db, name);
  if (!template) {
    return new Refused({ kind: "no_template", name });
  }
  await audit(operator, "template.deactivate", template.name);
  return template;
}

/** Returns the draft in agreement with its task, if that is a task of this system. */
function ofItsTask(
  draft: TemplateDraft,
  { engine, caller }: Operator,
): Result<TemplateDraft, Refusal> {
  const { taskName, module, timeoutSeconds } = draft;
  if (!engine.find(taskName)) {
    return module === ""
      ? bad("module", `${taskName} is no task of this system; work elsewhere needs one`)
      : draft;
  }
  const definition = startable(engine, taskName, caller);
  if (isRefused(definition)) {
    return definition;
  }
  if (module !== "" && module !== definition.module) {
    return bad("module", `${taskName} is a task of this system, in ${definition.module}`);
  }
  const isSingle = definition.kind === "single";
  if (!isSingle && timeoutSeconds !== null && timeoutSeconds * 1000 !== definition.timeoutMs) {
    return bad("default_timeout", `tasks of ${taskName} run in batches, and share one`);
  }
  if (timeoutSeconds !== null && timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    return bad("default_timeout", `at most ${MAX_TIMEOUT_SECONDS} for a task of this system`);
  }
  return { ...draft, module: "", timeoutSeconds: isSingle ? timeoutSeconds : null };
}

/** Finds a template that the caller may change, as whoever may start its task; null for none. */
async function changeable(
  { env, engine, caller }: Operator,
  name: string,
): Promise<Result<Template | null, Refusal>> {
  const template = await getTemplate(env.DB, name);
  if (!template || !engine.find(template.taskName)) {
    return template;
  }
  const definition = startable(engine, template.taskName, caller);
  return isRefused(definition) ? definition : template;
}

function bad(parameter: string, message: string): Refused<Refusal> {
  return new Refused({ kind: "bad_template", parameter, message });
}

/** Who may save which template: the same over the API and in the console. */
import type { Caller } from "../../caller";
import { AppError } from "../../http/errors";
import type { Engine } from "../model/engine";
import { startable } from "./startable";
import {
  deactivateTemplate,
  getTemplate,
  saveTemplate,
  type Template,
  type TemplateDraft,
} from "../templates/templates";
import { MAX_TIMEOUT_SECONDS } from "../model/timeout";

/** Throws 404. */
export async function knownTemplate(db: D1Database, name: string): Promise<Template> {
  const template = await getTemplate(db, name);
  if (!template) {
    throw unknown(name);
  }
  return template;
}

/** Creates a template or changes the one of that name. Throws 400, 403, 404 and 409. */
export async function saveTemplateAs(
  db: D1Database,
  engine: Engine,
  caller: Caller,
  draft: TemplateDraft,
): Promise<Template> {
  const template = ofItsTask(draft, engine, caller);
  assertMayChange(await getTemplate(db, draft.name), engine, caller);
  return saveTemplate(db, template);
}

/** Throws 403 and 404. */
export async function deactivateTemplateAs(
  db: D1Database,
  engine: Engine,
  caller: Caller,
  name: string,
): Promise<Template> {
  assertMayChange(await getTemplate(db, name), engine, caller);
  const template = await deactivateTemplate(db, name);
  if (!template) {
    throw unknown(name);
  }
  return template;
}

/** The draft in agreement with its task, if it is one of this system. */
function ofItsTask(draft: TemplateDraft, engine: Engine, caller: Caller): TemplateDraft {
  const { taskName, module, timeoutSeconds } = draft;
  const definition = engine.find(taskName);
  if (!definition) {
    if (module === "") {
      throw refused("module", `${taskName} is no task of this system; work elsewhere needs one`);
    }
    return draft;
  }
  startable(engine, taskName, caller);
  if (module !== "" && module !== definition.module) {
    throw refused("module", `${taskName} is a task of this system, in ${definition.module}`);
  }
  const isSingle = "run" in definition;
  if (!isSingle && timeoutSeconds !== null && timeoutSeconds * 1000 !== definition.timeoutMs) {
    throw refused("default_timeout", `tasks of ${taskName} run in batches, and share one`);
  }
  if (timeoutSeconds !== null && timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    throw refused("default_timeout", `at most ${MAX_TIMEOUT_SECONDS} for a task of this system`);
  }
  return { ...draft, module: "", timeoutSeconds: isSingle ? timeoutSeconds : null };
}

/** Whoever may not start a task changes no template of it. */
function assertMayChange(template: Template | null, engine: Engine, caller: Caller): void {
  if (template && engine.find(template.taskName)) {
    startable(engine, template.taskName, caller);
  }
}

function refused(parameter: string, why: string): AppError {
  return new AppError(400, "invalid_parameter", `${parameter}: ${why}`, { parameter });
}

function unknown(name: string): AppError {
  return new AppError(404, "unknown_template", `There is no template ${name}`);
}

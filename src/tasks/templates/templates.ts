import { sql } from "../../db/sql";
import type { TemplateColumns } from "../model/schema";
import { retryD1 } from "../../db/retry";
import { AppError } from "../../http/errors";
import { fitting, MAX_PAGE_BYTES } from "../../http/paging";
import { cutText } from "../../lib/cut-text";
import { parseAsSent } from "../../lib/exact-json";
import { formsOf } from "../../lib/fold";
import { MAX_NAME_CHARACTERS } from "../model/bounds";
import { type Notify, readNotify } from "../model/notify";
import { MAX_TIMEOUT_SECONDS } from "../model/timeout";

/** Template is how to run a task again and again: an input's defaults, and overrides. */
export interface Template {
  name: string;
  taskName: string;
  /** The module of tracked work; empty for a task of this system, which has its own. */
  module: string;
  description: string;
  /** The defaults have numbers as they were sent: see lib/exact-json.ts. */
  defaults: Record<string, unknown>;
  /** The timeout; of a task of this system at most MAX_TIMEOUT_SECONDS, whatever is stored. */
  timeoutSeconds: number | null;
  maxRetries: number | null;
  /** The estimate is for people; nothing depends on it. */
  estimatedSeconds: number;
  /** The steps are for people; nothing depends on them. */
  steps: string[];
  notify: Notify;
  active: boolean;
  createdAt: number;
  updatedAt: number;
}

export type TemplateDraft = Omit<Template, "createdAt" | "updatedAt">;

const MAX_TEMPLATES = 1000;
/** A row of an older version may lack an estimate, and then has this one. */
export const DEFAULT_ESTIMATE_SECONDS = 60;
/** Tracked work has this many retries where nobody says. */
export const DEFAULT_RETRIES = 3;

/** Names are stored in one form of Unicode, so that each spelling finds the same template. */
const stored = (name: string) => name.normalize("NFC");

/** This row was written by this very call, which D1 committed and then reported as failed. */
const IS_REPEAT =
  "created_at = :now AND updated_at = :now AND task_name = :task_name AND defaults = :defaults";
const SAVE = sql(`
INSERT INTO task_templates (name, task_name, description, defaults, timeout_seconds, max_retries,
  estimated_seconds, steps, notify, active, created_at, updated_at, module)
SELECT :name, :task_name, :description, :defaults, :timeout_seconds, :max_retries,
  :estimated_seconds, :steps, :notify, :active, :now, :now, :module
WHERE EXISTS (SELECT 1 FROM task_templates WHERE name = :name)
  OR (SELECT count(*) FROM task_templates) < ${MAX_TEMPLATES}
ON CONFLICT (name) DO UPDATE SET task_name = :task_name, module = :module,
  description = :description, defaults = :defaults, timeout_seconds = :timeout_seconds,
  max_retries = :max_retries, estimated_seconds = :estimated_seconds, steps = :steps,
  notify = :notify, active = :active,
  updated_at = iif(${IS_REPEAT}, :now, max(:now, created_at + 1))
RETURNING *`);

/**
 * Creates a template, or changes the one of that name. Only a new template has two equal times.
 * Throws 409 `too_many_templates`.
 */
export async function saveTemplate(
  db: D1Database,
  template: TemplateDraft,
  now = Date.now(),
): Promise<Template> {
  const { taskName, description, timeoutSeconds, maxRetries, estimatedSeconds } = template;
  const save = SAVE.on(db, {
    name: stored(template.name),
    task_name: taskName,
    module: template.module,
    description,
    defaults: JSON.stringify(template.defaults),
    timeout_seconds: timeoutSeconds,
    max_retries: maxRetries,
    estimated_seconds: estimatedSeconds,
    steps: JSON.stringify(template.steps),
    notify: JSON.stringify(template.notify),
    active: template.active ? 1 : 0,
    now,
  });
  const row = await retryD1(db, () => save.first<TemplateColumns>());
  if (!row) {
    const detail = `There are ${MAX_TEMPLATES} templates; change one of them`;
    throw new AppError(409, "too_many_templates", detail);
  }
  return toTemplate(row);
}

const FIND = sql("SELECT * FROM task_templates WHERE name = :name");

export async function getTemplate(db: D1Database, name: string): Promise<Template | null> {
  const row = await FIND.on(db, { name: stored(name) }).first<TemplateColumns>();
  return row && toTemplate(row);
}

const FOR_WORK = sql(`
SELECT * FROM task_templates WHERE task_name IN (SELECT value FROM json_each(:names))
  AND module IN (SELECT value FROM json_each(:modules)) AND active = 1
ORDER BY updated_at DESC LIMIT 1`);

/** Finds the active template for tracked work of that name and module, the one changed last. */
export async function templateFor(
  db: D1Database,
  taskName: string,
  module: string,
): Promise<Template | null> {
  const formsIn = (text: string) => JSON.stringify(formsOf(cutText(text, MAX_NAME_CHARACTERS)));
  const find = FOR_WORK.on(db, { names: formsIn(taskName), modules: formsIn(module) });
  const row = await find.first<TemplateColumns>();
  return row && toTemplate(row);
}

const DEACTIVATE = sql(`
UPDATE task_templates SET active = 0, updated_at = max(:now, created_at + 1)
WHERE name = :name RETURNING *`);

/**
 * Deactivates a template, which then refuses to run. Returns null when there is none of that name.
 */
export async function deactivateTemplate(
  db: D1Database,
  name: string,
  now = Date.now(),
): Promise<Template | null> {
  const deactivate = DEACTIVATE.on(db, { name: stored(name), now });
  const row = await retryD1(db, () => deactivate.first<TemplateColumns>());
  return row && toTemplate(row);
}

const LISTED = sql(`
SELECT name, task_name AS taskName, module, octet_length(defaults) AS bytes, name > :after AS isAfter
FROM task_templates ORDER BY name LIMIT ${MAX_TEMPLATES}`);
const OF_NAMES = sql(`
SELECT * FROM task_templates WHERE name IN (SELECT value FROM json_each(:names)) ORDER BY name`);

type Listed = Pick<Template, "name" | "taskName" | "module">;

/**
 * Lists templates by name, after the one named; fewer than `limit` where their defaults are large.
 * `count` is the number of all that `isListed` lets in.
 */
export async function listTemplates(
  db: D1Database,
  after: string,
  limit: number,
  isListed: (template: Listed) => boolean = () => true,
): Promise<{ templates: Template[]; more: boolean; count: number }> {
  const all = await LISTED.on(db, { after: stored(after) }).all<
    Listed & { bytes: number; isAfter: number }
  >();
  const listed = all.results.filter(isListed);
  const rest = listed.filter(({ isAfter }) => isAfter);
  const page = rest.slice(0, Math.min(limit, fitting(rest, MAX_PAGE_BYTES)));
  const names = JSON.stringify(page.map(({ name }) => name));
  const { results } = await OF_NAMES.on(db, { names }).all<TemplateColumns>();
  const more = rest.length > page.length;
  return { templates: results.map(toTemplate), more, count: listed.length };
}

export type TemplateSummary = Listed & Pick<Template, "description" | "active">;

const SUMMARIES = sql(`
SELECT name, task_name AS taskName, module, description, active FROM task_templates
ORDER BY name LIMIT ${MAX_TEMPLATES}`);

/** Lists all templates by name, without what may be large. */
export async function listTemplateSummaries(db: D1Database): Promise<TemplateSummary[]> {
  const { results } = await SUMMARIES.on(db).all<
    Omit<TemplateSummary, "active"> & { active: number }
  >();
  return results.map((row) => ({ ...row, active: row.active === 1 }));
}

function toTemplate(row: TemplateColumns): Template {
  return {
    name: row.name,
    taskName: row.task_name,
    module: row.module,
    description: row.description,
    defaults: parseAsSent(row.defaults) as Record<string, unknown>,
    timeoutSeconds:
      row.timeout_seconds === null || row.module !== ""
        ? row.timeout_seconds
        : Math.min(row.timeout_seconds, MAX_TIMEOUT_SECONDS),
    maxRetries: row.max_retries,
    estimatedSeconds: row.estimated_seconds ?? DEFAULT_ESTIMATE_SECONDS,
    steps: JSON.parse(row.steps) as string[],
    notify: readNotify(row.notify),
    active: row.active === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

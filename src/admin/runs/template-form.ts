import { parseAsSent } from "../../lib/exact-json";
import { Refused, type Result } from "../../lib/result";
import { TemplateBody, toDraft } from "../../tasks/templates/template-view";
import {
  DEFAULT_ESTIMATE_SECONDS,
  type Template,
  type TemplateDraft,
} from "../../tasks/templates/templates";
import { hasKey } from "../../i18n/words";
import { MAX_JSON_CHARACTERS } from "../../tasks/model/bounds";
import { MAX_SILENT_SECONDS, MAX_TIMEOUT_SECONDS } from "../../tasks/model/timeout";
import { formText } from "../shared/form-text";
import { runsWords } from "./words";

/** TEMPLATE_FIELDS are the fields of a template's form; all hold text. */
export const TEMPLATE_FIELDS = [
  "name",
  "task_name",
  "module",
  "elsewhere",
  "description",
  "default_parameters",
  "default_timeout",
  "default_max_retries",
  "estimated_duration",
  "typical_steps",
  "notify_start",
  "notify_complete",
  "notify_error",
  "notify_progress",
  "is_active",
] as const;
export type TemplateField = (typeof TEMPLATE_FIELDS)[number];
export type TemplateTexts = Record<TemplateField, string>;

const CHECKED = "on";

export function isChecked(text: string): boolean {
  return text === CHECKED;
}

export function templateTexts(template: Template): TemplateTexts {
  const number = (value: number | null = null) => (value === null ? "" : String(value));
  const check = (value: boolean | undefined) => (value ? CHECKED : "");
  const { notify } = template;
  return {
    name: template.name,
    task_name: template.taskName,
    module: template.module,
    elsewhere: check(template.module !== ""),
    description: template.description,
    default_parameters: JSON.stringify(template.defaults, null, 2),
    default_timeout: number(template.timeoutSeconds),
    default_max_retries: number(template.maxRetries),
    estimated_duration: number(template.estimatedSeconds),
    typical_steps: template.steps.join("\n"),
    notify_start: check(notify.start),
    notify_complete: check(notify.complete),
    notify_error: check(notify.error),
    notify_progress: number(notify.progress || null), // 0 means never, as an empty field does
    is_active: check(template.active),
  };
}

/** Returns an empty form for a task of this system; an empty name means work done elsewhere. */
export function emptyTemplate(taskName: string, example: unknown): TemplateTexts {
  const nothing = Object.fromEntries(TEMPLATE_FIELDS.map((field) => [field, ""]));
  const defaults = JSON.stringify(example ?? {}, null, 2);
  return {
    ...(nothing as TemplateTexts),
    task_name: taskName,
    elsewhere: taskName === "" ? CHECKED : "",
    default_parameters: defaults,
    estimated_duration: String(DEFAULT_ESTIMATE_SECONDS),
    notify_error: CHECKED,
    is_active: CHECKED,
  };
}

export function typedTemplate(form: Record<string, unknown>): TemplateTexts {
  const texts = TEMPLATE_FIELDS.map((field) => [field, formText(form, field)]);
  return Object.fromEntries(texts) as TemplateTexts;
}

export type TemplateProblems = Partial<Record<TemplateField, string>>;

/**
 * Returns the most seconds that a template's tasks may take or, for work elsewhere, may be silent.
 */
export function maxTimeout({ elsewhere }: TemplateTexts): number {
  return isChecked(elsewhere) ? MAX_SILENT_SECONDS : MAX_TIMEOUT_SECONDS;
}

/** Returns the template that was typed, or what is wrong with it by field. */
export function readTemplate(
  texts: TemplateTexts,
  t: ReturnType<typeof runsWords>,
): Result<TemplateDraft, TemplateProblems> {
  const number = (text: string) => (text.trim() === "" ? null : Number(text));
  const typed = texts.default_parameters.trim() || "{}";
  let parameters: unknown;
  try {
    parameters = JSON.parse(typed);
  } catch {
    return new Refused({ default_parameters: t("run.badJson") });
  }
  const { success, data, error } = TemplateBody.safeParse({
    name: texts.name.trim(),
    task_name: texts.task_name,
    module: isChecked(texts.elsewhere) ? texts.module : "",
    description: texts.description.trim(),
    default_parameters: parameters,
    default_timeout: number(texts.default_timeout),
    default_max_retries: number(texts.default_max_retries),
    estimated_duration: number(texts.estimated_duration),
    typical_steps: texts.typical_steps
      .split("\n")
      .map((step) => step.trim())
      .filter(Boolean),
    notify: {
      start: isChecked(texts.notify_start),
      complete: isChecked(texts.notify_complete),
      error: isChecked(texts.notify_error),
      progress: number(texts.notify_progress) ?? undefined,
    },
    is_active: isChecked(texts.is_active),
  });
  if (!success) {
    const problems: TemplateProblems = {};
    const limits = { most: MAX_JSON_CHARACTERS, seconds: maxTimeout(texts) };
    for (const { path, message } of error.issues) {
      const [member, inner] = path;
      const name = member === "notify" ? `notify_${String(inner)}` : member;
      const field = TEMPLATE_FIELDS.find((known) => known === name) ?? "name";
      const key = `templates.bad.${field}`;
      problems[field] ??= hasKey(runsWords, key) ? t(key, limits) : message;
    }
    return new Refused(problems);
  }
  return toDraft(data, parseAsSent(typed));
}

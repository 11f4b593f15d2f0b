/** A template in the API has the words of the old task manager, with new ones beside them. */
import { z } from "@hono/zod-openapi";
import { nullsLeftOut } from "../../http/nulls-left-out";
import { visibleText } from "../../http/visible-text";
import { cutText, isLonger } from "../../lib/cut-text";
import { isVisible } from "../../lib/visible";
import { MAX_JSON_CHARACTERS, MAX_MESSAGE_CHARACTERS, MAX_NAME_CHARACTERS } from "../model/bounds";
import type { Engine } from "../model/engine";
import { jsonObject } from "../model/json-value";
import { mergeNotify, NotificationSettings, notifyViews } from "./notification-settings";
import { Notify } from "../model/notify";
import {
  DEFAULT_ESTIMATE_SECONDS,
  DEFAULT_RETRIES,
  type Template,
  type TemplateDraft,
} from "./templates";
import { DEFAULT_SILENT_SECONDS, MAX_SILENT_SECONDS, MAX_TIMEOUT_SECONDS } from "../model/timeout";

const UNSEEN = "nothing of it can be seen";
const cut = (characters: number) => `Cut to ${characters} characters, with a mark`;
const name = visibleText(200).refine(
  (text) => text !== "." && text !== ".." && text.isWellFormed(),
  "no URL can name it",
);
const fitsInput = (value: unknown) => !isLonger(JSON.stringify(value), MAX_JSON_CHARACTERS);

export const TemplateBody = nullsLeftOut(
  z
    .strictObject({
      name,
      task_name: z.string().trim().min(1).refine(isVisible, UNSEEN),
      module: z
        .string()
        .trim()
        .refine((text) => text === "" || isVisible(text), UNSEEN)
        .default("")
        .openapi({
          description: `Of work that runs elsewhere, which needs it; a task of this system has its own. ${cut(MAX_NAME_CHARACTERS)}`,
        }),
      description: z
        .string()
        .default("")
        .openapi({ description: cut(MAX_MESSAGE_CHARACTERS) }),
      default_parameters: jsonObject
        .refine(fitsInput, `over ${MAX_JSON_CHARACTERS} characters`)
        .default({}),
      default_timeout: z
        .int()
        .min(1)
        .max(MAX_SILENT_SECONDS)
        .nullable()
        .default(null)
        .openapi({
          description: `Seconds: of a task of this system what a run may take, up to ${MAX_TIMEOUT_SECONDS}; of work elsewhere how long it may be silent. null: as its task says, elsewhere ${DEFAULT_SILENT_SECONDS}`,
        }),
      default_max_retries: z
        .int()
        .min(0)
        .max(50)
        .nullable()
        .default(null)
        .openapi({ description: `null: as its task says, elsewhere ${DEFAULT_RETRIES}` }),
      estimated_duration: z
        .int()
        .min(0)
        .nullable()
        .default(DEFAULT_ESTIMATE_SECONDS)
        .openapi({ description: "Seconds; null: as if left out" }),
      typical_steps: z
        .array(z.string().trim().min(1).refine(isVisible, UNSEEN))
        .max(50)
        .default([])
        .openapi({ description: cut(MAX_NAME_CHARACTERS) }),
      notify: nullsLeftOut(Notify).default({}).openapi({
        description: "Tell whose task it is of the start, the end, an error, every so many percent",
      }),
      notification_settings: nullsLeftOut(NotificationSettings).default({}).openapi({
        description: "The same in the old words; what both say must agree",
      }),
      is_active: z.boolean().default(true),
    })
    .openapi("NewTemplate", { description: "null is as good as nothing" }),
);

export const TemplateView = z
  .object({
    name: z.string(),
    task_name: z.string(),
    task_module: z.string(),
    module: z.string().openapi({ description: "The same as task_module" }),
    description: z.string(),
    default_parameters: z.record(z.string(), z.unknown()),
    default_timeout: z.int().openapi({ description: "Seconds, as it holds now" }),
    default_max_retries: z.int().openapi({ description: "As it holds now" }),
    estimated_duration: z.int().openapi({ description: "Seconds" }),
    typical_steps: z.array(z.string()),
    notify: Notify,
    notification_settings: NotificationSettings,
    is_active: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Template");

/**
 * Makes what is to be saved; `defaults` are the body's parameters with numbers as sent. Throws 400.
 */
export function toDraft(body: z.infer<typeof TemplateBody>, defaults: unknown): TemplateDraft {
  return {
    name: body.name,
    taskName: cutText(body.task_name, MAX_NAME_CHARACTERS),
    module: cutText(body.module, MAX_NAME_CHARACTERS),
    description: cutText(body.description, MAX_MESSAGE_CHARACTERS),
    defaults: (defaults ?? {}) as TemplateDraft["defaults"],
    timeoutSeconds: body.default_timeout,
    maxRetries: body.default_max_retries,
    estimatedSeconds: body.estimated_duration ?? DEFAULT_ESTIMATE_SECONDS,
    steps: body.typical_steps.map((step) => cutText(step, MAX_NAME_CHARACTERS)),
    notify: mergeNotify(body.notify, body.notification_settings),
    active: body.is_active,
  };
}

export function toTemplateView(
  template: Template,
  engine: Engine,
  env: Env,
): z.infer<typeof TemplateView> {
  const module = moduleOf(template, engine);
  const definition = engine.find(template.taskName);
  const timeout = definition ? Math.ceil(definition.timeoutMs / 1000) : DEFAULT_SILENT_SECONDS;
  const retries = definition ? definition.retry(env).attempts - 1 : DEFAULT_RETRIES;
  return {
    name: template.name,
    task_name: template.taskName,
    task_module: module,
    module,
    description: template.description,
    default_parameters: template.defaults,
    default_timeout: template.timeoutSeconds ?? timeout,
    default_max_retries: template.maxRetries ?? Math.max(0, retries),
    estimated_duration: template.estimatedSeconds,
    typical_steps: template.steps,
    ...notifyViews(template.notify),
    is_active: template.active,
    created_at: new Date(template.createdAt).toISOString(),
    updated_at: new Date(template.updatedAt).toISOString(),
  };
}

type Named = Pick<Template, "taskName" | "module">;

export function moduleOf({ taskName, module }: Named, engine: Engine): string {
  return engine.find(taskName)?.module ?? module;
}

/**
 * Tells whether a template is for work that no task of this system does, and that is tracked here.
 */
export function isForWorkElsewhere({ taskName, module }: Named, engine: Engine): boolean {
  return module !== "" && !engine.find(taskName);
}

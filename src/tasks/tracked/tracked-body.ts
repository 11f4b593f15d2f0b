/** These bodies start tracked work and report on it. A null in them counts as nothing. */
import { z } from "@hono/zod-openapi";
import { visibleText } from "../../http/visible-text";
import { isVisible } from "../../lib/visible";
import {
  MAX_JSON_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_STEP_CHARACTERS,
  MAX_TRACEBACK_CHARACTERS,
} from "../model/bounds";
import { isFlatEnough, jsonValue, TOO_DEEP } from "../model/json-value";
import { MAX_SILENT_SECONDS } from "../model/timeout";

const MAX_STEPS = 1_000_000;
const KEPT_JSON = `Of more than ${MAX_JSON_CHARACTERS} characters size and beginning are kept: {too_large, characters, beginning}`;
const cutAt = (most: number) => `Cut to ${most} characters, with a mark`;

const externalId = visibleText(255).refine(
  (id) => id !== "." && id !== ".." && id.isWellFormed() && !id.includes("\0"),
  "no URL can name it",
);
const name = z
  .string()
  .trim()
  .refine(isVisible, "nothing of it can be seen")
  .openapi({ description: cutAt(MAX_NAME_CHARACTERS) });
const text = (most: number) =>
  z
    .string()
    .nullish()
    .openapi({ description: cutAt(most) });
const totalSteps = z.int().min(0).max(MAX_STEPS).nullish();

export const TrackedStart = z
  .strictObject({
    task_id: externalId,
    task_name: name,
    task_module: name,
    description: text(MAX_MESSAGE_CHARACTERS),
    user: z.string().min(1).max(200).refine(isVisible).nullish().openapi({
      description: "Whose it is, the caller's if not given: user:ID, key:ID or a bare ID of these",
    }),
    status: z.enum(["PENDING", "STARTED"]).default("STARTED").openapi({
      description: "A PENDING one waits elsewhere, and is so until its first progress above 0",
    }),
    context_data: jsonValue.openapi({ description: KEPT_JSON }),
    timeout_seconds: z.number().min(1).max(MAX_SILENT_SECONDS).nullish().openapi({
      description:
        "Silent for longer, it is a FAILURE `lost`; while PENDING, for longer than a day too. An hour if not given, at most 30 days: a run elsewhere is not bound to the 14 minutes of one here.",
    }),
    max_retries: z.int().min(0).max(1000).nullish().openapi({
      description: "How often it is tried again where it runs; 3 if not given",
    }),
    total_steps: totalSteps.openapi({ description: "1 if not given" }),
  })
  .openapi("TrackedStart", {
    description:
      "What is not given comes from the active template of its task_name and module, if there is one; so do its notifications.",
  });

const isPercent = (value: number) => value >= 0 && value <= 100;

/** Tells whether a value is what a program sends for a field that it has nothing to say in. */
const isEmpty = (value: unknown) =>
  (value ?? "") === "" || (typeof value === "object" && Object.keys(value as object).length === 0);

/** An error's text may be lines or an object too, as the report of an end must not be lost. */
const anyText = (kept: string) =>
  z
    .unknown()
    .refine(isFlatEnough, TOO_DEEP)
    .transform((value) => asText(value))
    .optional()
    .openapi({ type: "string", description: `Of a FAILURE only. ${kept}` });

function asText(value: unknown): string | undefined {
  if (isEmpty(value)) {
    return undefined;
  }
  const lines: unknown[] = Array.isArray(value) ? value : [value];
  return lines.every((line) => typeof line === "string") ? lines.join("") : JSON.stringify(value);
}

/** Each field belongs to these ends: a report with another end, or with none, would drop it. */
const OF_ENDS = {
  result_data: ["SUCCESS", "FAILURE"],
  error_message: ["FAILURE"],
  error_traceback: ["FAILURE"],
} as const;

export const TrackedReport = z
  .strictObject({
    status: z.enum(["SUCCESS", "FAILURE"]).nullish(),
    progress_percentage: z.number().nullish().openapi({
      description: "0 to 100; at its end, what is beyond is brought within",
    }),
    current_step: text(MAX_STEP_CHARACTERS),
    step_number: z.number().nullish().openapi({
      description: "Without a percentage, step_number of total_steps makes one",
    }),
    total_steps: totalSteps,
    result_data: jsonValue.openapi({ description: `With a status only. ${KEPT_JSON}` }),
    error_message: anyText(cutAt(MAX_MESSAGE_CHARACTERS)),
    error_traceback: anyText(
      `Of more than ${MAX_TRACEBACK_CHARACTERS} characters the beginning and the end are kept, with a mark between`,
    ),
  })
  .check(({ value, issues }) => {
    for (const name of ["result_data", "error_message", "error_traceback"] as const) {
      const ends: readonly unknown[] = OF_ENDS[name];
      if (!isEmpty(value[name]) && !ends.includes(value.status)) {
        const message = `is told with status ${ends.join(" or ")}`;
        issues.push({ code: "custom", path: [name], message, input: value[name] });
      }
    }
  })
  .refine(({ status, progress_percentage: percent }) => status ?? isPercent(percent ?? 0), {
    path: ["progress_percentage"],
    message: "not between 0 and 100",
  })
  .openapi("TrackedReport");

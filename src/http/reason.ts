/** A reason says why somebody does what cannot be undone or keeps others waiting. */
import { z } from "@hono/zod-openapi";
import { AppError } from "./errors";
import { Refused, type Result } from "../lib/result";
import { visibleText } from "./visible-text";

export const REASON_CHARACTERS = { min: 3, max: 500 } as const;

const { min: minLength, max: maxLength } = REASON_CHARACTERS;
const Fit = visibleText(maxLength, minLength);

/**
 * Schema of a reason in a body. `readReason` judges it, so that pages and the API refuse it alike.
 */
export const Reason = z.string().openapi({ minLength, maxLength });

/** Trims a reason, or refuses it. */
export function readReason(typed: unknown): Result<string, { kind: "bad_reason" }> {
  const { data } = Fit.safeParse(typed);
  return data ?? new Refused({ kind: "bad_reason" });
}

/** Returns the 400 for a text that is not a reason. */
export function badReason(): AppError {
  const detail = `reason: ${minLength} to ${maxLength} characters, of which something can be seen`;
  return new AppError(400, "invalid_parameter", detail, { parameter: "reason" });
}

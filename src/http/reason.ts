/** Why somebody does what cannot be undone, or keeps others waiting: for those who ask later. */
import { z } from "@hono/zod-openapi";
import { AppError } from "./errors";
import { Refused, type Result } from "../lib/result";
import { visibleText } from "./visible-text";

export const REASON_CHARACTERS = { min: 3, max: 500 } as const;

const { min: minLength, max: maxLength } = REASON_CHARACTERS;
const Fit = visibleText(maxLength, minLength);

/** A reason as a body brings it; whether it is one, the command says. */
export const Reason = z.string().openapi({ minLength, maxLength });

/** The reason, trimmed. */
export function readReason(typed: unknown): Result<string, { kind: "bad_reason" }> {
  const { data } = Fit.safeParse(typed);
  return data ?? new Refused({ kind: "bad_reason" });
}

/** What answers one that is none. */
export function badReason(): AppError {
  const detail = `reason: ${minLength} to ${maxLength} characters, of which something can be seen`;
  return new AppError(400, "invalid_parameter", detail, { parameter: "reason" });
}

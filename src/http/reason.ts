/** Why somebody does what cannot be undone, or keeps others waiting: for those who ask later. */
import { type Result, Refused } from "../lib/result";
import { visibleText } from "./visible-text";

export const MAX_REASON_CHARACTERS = 500;

export const Reason = visibleText(MAX_REASON_CHARACTERS);

/** The reason, trimmed; refused when it is empty, too long, or nothing of it can be seen. */
export function readReason(typed: unknown): Result<string, { kind: "bad_reason" }> {
  const { data } = Reason.safeParse(typed);
  return data ?? new Refused({ kind: "bad_reason" });
}

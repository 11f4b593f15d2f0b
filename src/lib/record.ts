import { isRawNumber } from "./exact-json";

/** Tells whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}

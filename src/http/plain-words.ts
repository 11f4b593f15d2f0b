import { z } from "@hono/zod-openapi";
import { findUnknown, inWords } from "./known-names";

/** What is wrong with a value in words for whoever sent it, where zod's are for programmers. */
z.config({
  customError: (issue) => {
    if (issue.code === "unrecognized_keys" && issue.inst instanceof z.ZodObject) {
      const unknown = findUnknown(issue.keys, Object.keys(issue.inst.shape));
      return unknown && inWords(unknown);
    }
    if (issue.input === undefined) {
      return "missing";
    }
    return issue.schema instanceof z.ZodNumber && issue.code !== "custom"
      ? numberWanted(issue.schema)
      : undefined;
  },
});

/** "must be a whole number from 1 to 200", "must be a number above 0" */
function numberWanted(schema: z.ZodNumber): string {
  const { isInt, minValue, maxValue } = schema;
  const limit = (value: number | null, within: string, beyond: string) => {
    if (!Number.isFinite(value) || Math.abs(value ?? 0) >= Number.MAX_SAFE_INTEGER) {
      return "";
    }
    // This parse has an error function of its own, or it would ask for these words without end.
    const isTaken = schema.safeParse(value, { error: () => "" }).success;
    return ` ${isTaken ? within : beyond} ${value}`;
  };
  const kind = isInt ? "whole number" : "number";
  return `must be a ${kind}${limit(minValue, "from", "above")}${limit(maxValue, "to", "below")}`;
}

/** The one thing to tell of what is wrong: a name nobody knows rather than one that is missing. */
export function toldOf(issues: readonly z.core.$ZodIssue[]): { parameter: string; detail: string } {
  const unknown = issues.find(({ code }) => code === "unrecognized_keys");
  const { path, message } = unknown ?? issues[0] ?? { path: [], message: "invalid" };
  const where = path.join(".");
  if (unknown?.code === "unrecognized_keys") {
    const inside = where === "" ? "" : `${where}.`;
    return { parameter: inside + String(unknown.keys[0]), detail: inside + message };
  }
  return { parameter: where, detail: `${where === "" ? "The body" : where}: ${message}` };
}

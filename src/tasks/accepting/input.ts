import { isRawNumber, parseAsSent, parseExact } from "../../lib/exact-json";
import { Refused, type Result } from "../../lib/result";
import type { TaskDefinition } from "../model/define";

const SHOWN_DIGITS = 80;

/** BadField says which field of an input is wrong, empty for all of it, and why. */
interface BadField {
  field: string;
  message: string;
  /** Whether the definition does not know the field, or the value of an enumeration. */
  isUnknown: boolean;
}

const UNKNOWN = new Set<string | undefined>([
  "unrecognized_keys",
  "invalid_value",
  "invalid_union",
]);

/** Checks the JSON text of a task's input against its definition. Never throws. */
export function readInput<Input>(
  definition: TaskDefinition<Input>,
  text: string,
): Result<{ input: Input }, BadField> {
  try {
    const input = definition.prepare ? parseAsSent(text) : parseExact(text);
    const { success, data, error } = definition.input.safeParse(input, { reportInput: true });
    if (success) {
      return { input: data };
    }
    const issue = error.issues[0];
    const field = issue?.path.join(".") ?? "";
    if (isRawNumber(issue?.input)) {
      const digits = issue.input.rawJSON.slice(0, SHOWN_DIGITS);
      return badField(field, `${digits} cannot be read without rounding it`);
    }
    return badField(field, issue?.message ?? "invalid", UNKNOWN.has(issue?.code));
  } catch (error) {
    return badField("", error instanceof Error ? error.message : String(error));
  }
}

function badField(field: string, message: string, isUnknown = false): Refused<BadField> {
  return new Refused({ field, message, isUnknown });
}

import { isRawNumber, parseAsSent, parseExact } from "../../lib/exact-json";
import type { TaskDefinition } from "../model/define";

const SHOWN_DIGITS = 80;

/**
 * An input its definition takes, or which field of it is wrong and why. `isUnknown`: it has a field,
 * or a value of a list, that the definition does not know.
 */
export type ReadInput<Input> =
  | { input: Input }
  | { field: string; message: string; isUnknown?: boolean };

const UNKNOWN = new Set<string | undefined>([
  "unrecognized_keys",
  "invalid_value",
  "invalid_union",
]);

/** Checks the JSON text of a task's input against its definition. Never throws. */
export function readInput<Input>(
  definition: TaskDefinition<Input>,
  text: string,
): ReadInput<Input> {
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
      return { field, message: `${digits} cannot be read without rounding it` };
    }
    return { field, message: issue?.message ?? "invalid", isUnknown: UNKNOWN.has(issue?.code) };
  } catch (error) {
    return { field: "", message: error instanceof Error ? error.message : String(error) };
  }
}

import { isRawNumber, parseAsSent, parseExact } from "../lib/exact-json";
import type { TaskDefinition } from "./define";

const SHOWN_DIGITS = 80;

/** An input its definition takes, or which field of it is wrong and why. */
export type ReadInput<Input> = { input: Input } | { field: string; message: string };

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
    return { field, message: issue?.message ?? "invalid" };
  } catch (error) {
    return { field: "", message: error instanceof Error ? error.message : String(error) };
  }
}

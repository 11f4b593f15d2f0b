import type { TaskDefinition } from "./define";

/** An input its definition takes, or which field of it is wrong and why. */
export type ReadInput<Input> = { input: Input } | { field: string; message: string };

/** Checks the JSON text of a task's input against its definition. Never throws. */
export function readInput<Input>(
  definition: TaskDefinition<Input>,
  text: string,
): ReadInput<Input> {
  try {
    const { success, data, error } = definition.input.safeParse(JSON.parse(text));
    if (success) {
      return { input: data };
    }
    const issue = error.issues[0];
    const field = issue?.path.join(".") ?? "";
    return { field, message: issue?.message ?? "invalid" };
  } catch (error) {
    return { field: "", message: error instanceof Error ? error.message : String(error) };
  }
}

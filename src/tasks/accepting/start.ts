import { isLonger } from "../../lib/cut-text";
import { isRefused, Refused, type Result } from "../../lib/result";
import { assertStorage } from "./backpressure";
import { MAX_JSON_CHARACTERS } from "../model/bounds";
import type { TaskDefinition } from "../model/define";
import { type EnqueueOptions, enqueuePrepared } from "./enqueue";
import { readInput } from "./input";
import { isFlatEnough, TOO_DEEP } from "../model/json-value";

/** BadInput says what is wrong with an input: the field, empty for all of it, and why. */
export interface BadInput {
  kind: "bad_input";
  field: string;
  message: string;
}

export function badInput(field: string, message: string): Refused<BadInput> {
  return new Refused({ kind: "bad_input", field, message });
}

/**
 * Starts one task with an unchecked input, whose numbers are as sent (lib/exact-json.ts), or says what
 * is wrong with it. A definition with `prepare` keeps bad inputs as failed tasks of its own.
 */
export async function startTask(
  env: Env,
  definition: TaskDefinition,
  input: unknown,
  options: EnqueueOptions,
): Promise<Result<string, BadInput>> {
  const given = input === undefined ? {} : input;
  if (!definition.prepare && !isFlatEnough(given)) {
    return badInput("", TOO_DEEP);
  }
  const text = JSON.stringify(given);
  const task = definition.prepare?.(text) ?? { input: text, subject: null };
  if (!definition.prepare && isLonger(task.input, MAX_JSON_CHARACTERS)) {
    return badInput("", `over ${MAX_JSON_CHARACTERS} characters`);
  }
  const read = readInput(definition, task.input);
  if (isRefused(read)) {
    return badInput(read.why.field, read.why.message);
  }
  await assertStorage(env, definition.queue);
  return enqueuePrepared(env, definition, task, options);
}

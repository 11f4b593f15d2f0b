/**
 * A request's tasks, made ready one by one: each becomes its row's text at once, and its input is kept
 * nowhere else, so that a large request is not held twice.
 */
import { Chunks } from "../../db/chunks";
import { cutText } from "../../lib/cut-text";
import { newBatchId, taskId } from "../../lib/ids";
import { MAX_MESSAGE_CHARACTERS } from "../model/bounds";
import type { NewTask, TaskDefinition } from "../model/define";

/** A task without its input. */
export interface RequestedTask extends Omit<NewTask, "input"> {
  id: string;
}

export class TaskRequest {
  readonly lote: string;
  readonly tasks: RequestedTask[] = [];
  readonly #rows = new Chunks();

  constructor(
    readonly definition: TaskDefinition,
    /** Unix milliseconds. */
    readonly now = Date.now(),
  ) {
    this.lote = newBatchId(now);
  }

  add(task: NewTask): void {
    const { subject, failure } = task;
    const id = taskId(this.lote, this.tasks.length);
    this.tasks.push({ id, subject, failure });
    this.#rows.add(rowText(task, id));
  }

  /** The rows, as JSON arrays; to be asked for once, when no more come. */
  end(): string[] {
    return this.#rows.end();
  }
}

/** A row as a JSON array, its input put in as it is rather than quoted once more. */
function rowText({ input, subject, failure }: NewTask, id: string): string {
  const { code = null, message = null, detail = null } = failure ?? {};
  const words = message && cutText(message, MAX_MESSAGE_CHARACTERS);
  const rest = failure ? `,${JSON.stringify([code, words, detail]).slice(1, -1)}` : "";
  return `["${id}",${JSON.stringify(subject)},${input}${rest}]`;
}

/**
 * A request's tasks are made ready one by one: each becomes its row's text at once, and its input is
 * kept nowhere else, so that a large request is not held twice.
 */
import { Chunks } from "../../db/chunks";
import { cutText } from "../../lib/cut-text";
import { newBatchId, taskId } from "../../lib/ids";
import { MAX_MESSAGE_CHARACTERS } from "../model/bounds";
import type { NewTask, TaskDefinition } from "../model/define";

/** RequestedTask is a task without its input. */
export interface RequestedTask extends Omit<NewTask, "input"> {
  id: string;
}

export class TaskRequest {
  readonly batchId: string;
  readonly tasks: RequestedTask[] = [];
  readonly #rows = new Chunks();

  constructor(
    readonly definition: TaskDefinition,
    /** The time of acceptance, in Unix milliseconds. */
    readonly now = Date.now(),
  ) {
    this.batchId = newBatchId(now);
  }

  add(task: NewTask): void {
    const { subject, failure } = task;
    const id = taskId(this.batchId, this.tasks.length);
    this.tasks.push({ id, subject, failure });
    this.#rows.add(rowText(task, id));
  }

  /** Returns the rows as JSON arrays. It is called once, when no more tasks come. */
  end(): string[] {
    return this.#rows.end();
  }
}

/** Makes a row's JSON array, in which the input stands as it is rather than quoted once more. */
function rowText({ input, subject, failure }: NewTask, id: string): string {
  const { code = null, message = null, detail = null } = failure ?? {};
  const words = message && cutText(message, MAX_MESSAGE_CHARACTERS);
  const rest = failure ? `,${JSON.stringify([code, words, detail]).slice(1, -1)}` : "";
  return `["${id}",${JSON.stringify(subject)},${input}${rest}]`;
}

/**
 * Publishing tells whoever watches what becomes of tasks. It is only the engine's side of live
 * updates: D1 has the truth, a change may be lost, nothing waits. src/index.ts says who listens.
 */
import { log } from "../../log";
import type { TaskColumns } from "./schema";
import { SMALL_BATCH } from "./small-batch";
import type { Status, StoredStatus } from "./states";

/** TaskChange is a task as it is after a change. A later change replaces an earlier one whole. */
export interface TaskChange {
  id: string;
  name: string;
  module: string;
  subject: string | null;
  /** The caller who asked for it: "user:ID" or "key:ID". */
  user: string | null;
  status: Status;
  /** The time in Unix milliseconds; of two changes the later one counts. */
  at: number;
  progress?: number;
  step?: string | null;
  /** The stages of the handler that are done. */
  stages?: string[];
  error?: { code: string; message: string };
}

/**
 * Publish is called once per request or batch, and makes the changes only when somebody listens.
 * `beyond` says that something else changed, such as a queue's pause: pages that show it read again.
 */
export type Publish = (env: Env, changes: () => TaskChange[], beyond?: boolean) => Promise<void>;

type Subject = Pick<TaskChange, "id" | "name" | "module" | "subject" | "user">;

/** A page need not be told of what is over within this time. */
const SEEN_MS = 250;

let publisher: Publish | undefined;

/** Sets the deployment's publisher. This module keeps it, as tasks are stored without an engine. */
export function publishTo(publish: Publish): void {
  publisher = publish;
}

/** Tells the publisher of changes. Never rejects, as live updates may be lost. */
export async function publish(
  env: Env,
  changes: () => TaskChange[],
  beyond = false,
): Promise<void> {
  try {
    await publisher?.(env, changes, beyond);
  } catch (error) {
    log.warn("publish.failed", { message: String(error) });
  }
}

/**
 * Publishes that a batch started: a small one at once, a large one only if it is not over by the
 * time that anyone could see it. Returns a function that keeps it from being published.
 */
export function publishStarted(env: Env, rows: readonly Subject[]): () => void {
  const tell = () =>
    void publish(env, () => rows.map((row) => taskChange(row, { status: "STARTED" })));
  if (rows.length <= SMALL_BATCH) {
    tell();
    return () => undefined;
  }
  const timer = setTimeout(tell, SEEN_MS);
  return () => clearTimeout(timer);
}

/** A statement returns these columns of the rows it changed, so that they can be published. */
export const TOLD = "id, name, module, subject, user, status, error_code, error_message";

export type ToldRow = Pick<
  TaskColumns,
  "id" | "name" | "module" | "subject" | "user" | "error_code" | "error_message"
> & { status: StoredStatus };

/**
 * Publishes rows as a statement left them. `at` is a time before that statement, so that whatever
 * became of them since counts as later. Never rejects.
 */
export async function publishRows(env: Env, rows: readonly ToldRow[], at: number): Promise<void> {
  if (rows.length > 0) {
    await publish(env, () => rows.map((row) => taskChange(row, stateOf(row), at)));
  }
}

function stateOf({ status, error_code: code, error_message: message }: ToldRow) {
  return { status, ...(code === null ? {} : { error: { code, message: message ?? "" } }) };
}

/** Makes the change of the task that a row identifies. `at` is in Unix milliseconds. */
export function taskChange(
  { id, name, module, subject, user }: Subject,
  change: Omit<TaskChange, keyof Subject | "at">,
  at = Date.now(),
): TaskChange {
  return { id, name, module, subject, user, at, ...change };
}

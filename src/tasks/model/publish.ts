/**
 * Tells whoever watches what becomes of tasks. It is the engine's side of live updates only: what
 * is told may be lost, D1 has the truth, and nothing waits for it. Who listens is not the engine's
 * business; src/index.ts says who does.
 */
import { log } from "../../log";
import type { TaskColumns } from "./schema";
import { SMALL_BATCH } from "./small-batch";
import type { Status, StoredStatus } from "./states";

/** A task as it is after a change: later changes replace earlier ones whole. */
export interface TaskChange {
  id: string;
  name: string;
  module: string;
  subject: string | null;
  /** Who asked for it: "user:ID" or "key:ID". */
  user: string | null;
  status: Status;
  /** Unix milliseconds; of two changes the later one counts. */
  at: number;
  progress?: number;
  step?: string | null;
  /** Stages of the handler that are done. */
  stages?: string[];
  error?: { code: string; message: string };
}

/**
 * One call per request or batch. The changes are put together only when somebody listens. `beyond`:
 * what changed is not told by tasks, as of a queue that was paused; whoever shows such reads again.
 */
export type Publish = (env: Env, changes: () => TaskChange[], beyond?: boolean) => Promise<void>;

type Subject = Pick<TaskChange, "id" | "name" | "module" | "subject" | "user">;

/** Changes reach a page at most this often. */
const SEEN_MS = 250;

let publisher: Publish | undefined;

/** Sets the deployment's publisher. A module's own, since work is enqueued without an engine. */
export function publishTo(publish: Publish): void {
  publisher = publish;
}

/** Never rejects. */
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
 * Tells that a batch started: a small one at once, a large one only if it is not over by the time
 * that anyone could see it. Returns what keeps it from being told.
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

/** What a statement must return of the rows it changed for these to be told. */
export const TOLD = "id, name, module, subject, user, status, error_code, error_message";

export type ToldRow = Pick<
  TaskColumns,
  "id" | "name" | "module" | "subject" | "user" | "error_code" | "error_message"
> & { status: StoredStatus };

/**
 * Tells of rows as a statement left them; of none, nothing. `at` is a time before it: whatever
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

/** Takes of a row what identifies its task. `at` as in TaskChange. */
export function taskChange(
  { id, name, module, subject, user }: Subject,
  change: Omit<TaskChange, keyof Subject | "at">,
  at = Date.now(),
): TaskChange {
  return { id, name, module, subject, user, at, ...change };
}

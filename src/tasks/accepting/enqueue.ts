/**
 * Enqueuing stores all rows of a request in one transaction (accept.ts), with its idempotency key and
 * counts, and sends messages only then. So what was accepted is durable: a send that fails leaves
 * PENDING rows, which recovery sends.
 */
import { sql } from "../../db/sql";
import { isDatabaseFull } from "../../db/full";
import { AppError } from "../../http/errors";
import { Refused, type Result } from "../../lib/result";
import { log } from "../../log";
import { accept, type Head, type Owner, type Submission } from "./accept";
import { MAX_MESSAGE_WAIT_MS } from "../model/backoff";
import type { NewTask, TaskDefinition } from "../model/define";
import { MAX_TASKS_PER_BATCH, taskId } from "../../lib/ids";
import { acceptTogether, isSmall } from "./ingest-desk";
import { type RequestedTask, TaskRequest } from "./request";
import { logsEach } from "../model/small-batch";
import type { Notify } from "../model/notify";
import { taskChange, publish } from "../model/publish";

export interface EnqueueOptions {
  /** The caller who asks: "user:ID" or "key:ID". */
  user: string | null;
  /** The least time before the task runs, in milliseconds from now. */
  delayMs?: number;
  /** The template it comes from, and what that says in place of the definition. */
  template?: { name: string } & Overrides;
  /** The id of the task it is an edited copy of. */
  replayOf?: string;
  /**
   * Takes work that may go on behind the answer to a request: messages are sent there, and a small
   * request shares a transaction with those that come at the same time.
   */
  behind?: (work: Promise<unknown>) => void;
  now?: number;
}

interface Overrides {
  attempts?: number;
  timeoutMs?: number;
  notify?: Notify;
}

/** Idempotency makes requests one: the same key and body get the first answer again. */
interface Idempotency {
  key: string;
  bodyHash: string;
}

export interface Enqueued {
  batchId: string;
  taskIds: string[];
  replayed: boolean;
}

/** Conflict says that the idempotency key was used with another body. */
export type Conflict = "conflict";

/** Work behind an answer gets this long, as the platform ends it after 30 seconds. */
const PATIENCE_MS = 15_000;

const ANSWER = sql(`
SELECT lote, body_hash AS bodyHash FROM idempotency_keys WHERE key = :key AND expires_at > :now`);

/** Tells whether an idempotency key has its answer, so that a request with it enqueues nothing. */
export async function isAnswered(db: D1Database, key: string, now: number): Promise<boolean> {
  return (await answerTo(db, key, now)) !== null;
}

function answerTo(db: D1Database, key: string, now: number): Promise<Owner | null> {
  return ANSWER.on(db, { key, now }).first<Owner>();
}

/** Enqueues one task. Returns its id. */
export async function enqueueOne<Input>(
  env: Env,
  definition: TaskDefinition<Input>,
  input: Input,
  options: EnqueueOptions & { subject?: string },
): Promise<string> {
  const task = { input: JSON.stringify(input), subject: options.subject ?? null };
  return enqueuePrepared(env, definition, task, options);
}

/** Enqueues one task whose input is prepared already. Returns its id. */
export async function enqueuePrepared(
  env: Env,
  definition: TaskDefinition,
  task: NewTask,
  options: EnqueueOptions,
): Promise<string> {
  const { taskIds } = await enqueue(env, definition, [task], options);
  return taskIds[0] ?? "";
}

/** Enqueues tasks of one definition together. */
export async function enqueue(
  env: Env,
  definition: TaskDefinition,
  tasks: readonly NewTask[],
  options: EnqueueOptions,
): Promise<Enqueued> {
  const request = new TaskRequest(definition, options.now);
  tasks.forEach((task) => request.add(task));
  return enqueueRequest(env, request, options);
}

type RequestOptions = Omit<EnqueueOptions, "now">;

/** Enqueues a request that has no idempotency key. */
export async function enqueueRequest(
  env: Env,
  request: TaskRequest,
  options: RequestOptions,
): Promise<Enqueued> {
  return enqueuedBy(await submit(env, request, options), request);
}

/** Enqueues a request once for its idempotency key. Refused if the key came with another body. */
export async function enqueueOnce(
  env: Env,
  request: TaskRequest,
  idempotency: Idempotency,
  options: RequestOptions,
): Promise<Result<Enqueued, Conflict>> {
  const owner = await submit(env, request, options, idempotency);
  return owner.lote === request.batchId || owner.bodyHash === idempotency.bodyHash
    ? enqueuedBy(owner, request)
    : new Refused("conflict");
}

function enqueuedBy({ lote: batchId }: Owner, request: TaskRequest): Enqueued {
  const taskIds = request.tasks.map((_, sequence) => taskId(batchId, sequence));
  return { batchId, taskIds, replayed: batchId !== request.batchId };
}

/** Stores a request, sends its messages, and publishes its tasks. Resolves to its key's owner. */
async function submit(
  env: Env,
  request: TaskRequest,
  options: RequestOptions,
  idempotency?: Idempotency,
): Promise<Owner> {
  const { batchId, tasks } = request;
  if (tasks.length === 0 || tasks.length > MAX_TASKS_PER_BATCH) {
    throw new Error(`A request holds 1 to ${MAX_TASKS_PER_BATCH} tasks, not ${tasks.length}`);
  }
  const submission = submissionOf(env, request, options, idempotency);
  const { head } = submission;
  const { owner, sent } = await storeOrRecall(env, submission, options.behind !== undefined);
  const isOwn = owner.lote === batchId;
  if (isOwn) {
    logQueued(request);
  }
  const told = isOwn ? publishQueued(env, head, tasks) : undefined;
  await behindOrNow(Promise.all([sent, told]), options.behind);
  return owner;
}

interface Stored {
  owner: Owner;
  /** Ends when the queue has taken what it takes. Never rejects. */
  sent: Promise<unknown>;
}

/** Stores a request, or recalls what its key was answered with if the database is full or busy. */
async function storeOrRecall(env: Env, submission: Submission, shared: boolean): Promise<Stored> {
  try {
    return await store(env, submission, shared);
  } catch (error) {
    const { key, now } = submission.head;
    const isRefused = isDatabaseFull(error) || error instanceof AppError;
    const owner = key !== null && isRefused ? await answerTo(env.DB, key, now) : null;
    if (!owner) {
      throw error;
    }
    return { owner, sent: Promise.resolve() };
  }
}

/** Stores by the desk, with others, or alone. Storing again what it did store is harmless. */
async function store(env: Env, submission: Submission, shared: boolean): Promise<Stored> {
  const together = shared && isSmall(submission) && (await acceptTogether(env, submission));
  if (together) {
    return { owner: together, sent: Promise.resolve() };
  }
  const { owners, sent } = await accept(env, [submission], shared ? PATIENCE_MS : 0);
  return { owner: owners[0] ?? submission.head, sent };
}

async function behindOrNow(
  work: Promise<unknown>,
  behind: EnqueueOptions["behind"],
): Promise<void> {
  if (behind) {
    behind(work);
  } else {
    await work;
  }
}

function submissionOf(
  env: Env,
  request: TaskRequest,
  { user, delayMs = 0, template, replayOf }: RequestOptions,
  idempotency: Idempotency | undefined,
): Submission {
  const { batchId, now, tasks, definition } = request;
  const { name, module, queue } = definition;
  const notify = template?.notify ?? definition.notify;
  const open = tasks.filter(({ failure }) => !failure);
  const isSent = delayMs <= MAX_MESSAGE_WAIT_MS; // Recovery sends after a longer wait.
  return {
    head: {
      lote: batchId,
      now,
      user,
      key: idempotency?.key ?? null,
      bodyHash: idempotency?.bodyHash ?? null,
      name,
      module,
      queue,
      attempts: template?.attempts ?? definition.retry(env).attempts,
      timeoutMs: template?.timeoutMs ?? null,
      notify: notify ? JSON.stringify(notify) : null,
      template: template?.name ?? null,
      replayOf: replayOf ?? null,
      delayMs,
      sent: isSent ? 1 : 0,
      tasks: tasks.length,
      failed: tasks.length - open.length,
    },
    chunks: request.end(),
    ids: isSent ? open.map(({ id }) => id) : [],
  };
}

/** Publishes as of the acceptance, as messages may have done their work by now. */
function publishQueued(
  env: Env,
  { name, module, user, now }: Head,
  tasks: readonly RequestedTask[],
): Promise<void> {
  return publish(env, () =>
    tasks.map(({ id, subject, failure }) =>
      taskChange(
        { id, name, module, subject, user },
        failure ? { status: "FAILURE", error: failure } : { status: "PENDING" },
        now,
      ),
    ),
  );
}

function logQueued({ batchId, tasks, definition: { name } }: TaskRequest): void {
  if (!logsEach(tasks.length)) {
    log.info("batch.queued", { lote: batchId, name, tasks: tasks.length });
    return;
  }
  for (const { id: taskId, subject } of tasks) {
    log.info("task.queued", { taskId, name, subject });
  }
}

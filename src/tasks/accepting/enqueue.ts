/**
 * Accepting work. All rows of a request are stored in one transaction (accept.ts), together with its
 * idempotency key and their counts; only then are messages sent. So what was accepted is durable: a
 * send that fails leaves PENDING rows, which recovery sends.
 */
import { inChunks } from "../../db/chunks";
import { isDatabaseFull } from "../../db/full";
import { AppError } from "../../http/errors";
import { cutText } from "../../lib/cut-text";
import { log } from "../../log";
import { accept, type Head, type Owner, type Submission } from "./accept";
import { MAX_MESSAGE_WAIT_MS } from "../model/backoff";
import { MAX_MESSAGE_CHARACTERS } from "../model/bounds";
import type { NewTask, TaskDefinition } from "../model/define";
import { MAX_TASKS_PER_LOTE, newLote, taskId } from "../../lib/ids";
import { acceptTogether, isSmall } from "./ingest-desk";
import { logsEach } from "../model/small-batch";
import type { Notify } from "../model/notify";
import { taskChange, publish } from "../model/publish";

export interface EnqueueOptions {
  /** Who asks: "user:ID" or "key:ID". */
  user: string | null;
  /** Runs no sooner than this many milliseconds from now. */
  delayMs?: number;
  /** Replays the first answer for the same key and body; another body is a conflict. */
  idempotency?: { key: string; bodyHash: string };
  /** The template it comes from, and what that says in place of the definition. */
  template?: { name: string } & Overrides;
  /** The task it is an edited copy of. */
  replayOf?: string;
  /**
   * Takes work that may go on behind the caller's answer, as of a request over HTTP: messages are sent
   * there, and a small request shares a transaction with those that come at the same time.
   */
  behind?: (work: Promise<unknown>) => void;
  now?: number;
}

interface Overrides {
  attempts?: number;
  timeoutMs?: number;
  notify?: Notify;
}

/** `conflict`: the idempotency key was used with another body. */
export type Enqueued = { lote: string; taskIds: string[]; replayed: boolean } | "conflict";

/** For what goes on behind the answer: the platform ends it 30 seconds after that. */
const PATIENCE_MS = 15_000;

/** Whether the idempotency key has its answer: a request that brings it enqueues nothing. */
export async function isAnswered(db: D1Database, key: string, now: number): Promise<boolean> {
  return (await answerTo(db, key, now)) !== null;
}

function answerTo(db: D1Database, key: string, now: number): Promise<Owner | null> {
  return db
    .prepare(
      "SELECT lote, body_hash AS bodyHash FROM idempotency_keys WHERE key = ?1 AND expires_at > ?2",
    )
    .bind(key, now)
    .first<Owner>();
}

/** Enqueues one task. Returns its id. */
export async function enqueueOne<Input>(
  env: Env,
  definition: TaskDefinition<Input>,
  input: Input,
  options: Omit<EnqueueOptions, "idempotency"> & { subject?: string },
): Promise<string> {
  const task = { input: JSON.stringify(input), subject: options.subject ?? null };
  const accepted = await enqueue(env, definition, [task], options);
  if (accepted === "conflict") {
    throw new Error("A request without an idempotency key cannot conflict");
  }
  return accepted.taskIds[0] ?? "";
}

/** A task without its input, which is in a row's text by then: together they would be held twice. */
type Accepted = Omit<NewTask, "input">;

/** Takes tasks one by one, so that they may be made as they are taken. */
export async function enqueue(
  env: Env,
  definition: TaskDefinition,
  given: Iterable<NewTask>,
  options: EnqueueOptions,
): Promise<Enqueued> {
  const tasks: Accepted[] = [];
  const now = options.now ?? Date.now();
  const lote = newLote(now);
  const chunks = inChunks(rowTexts(given, lote, tasks));
  if (tasks.length === 0 || tasks.length > MAX_TASKS_PER_LOTE) {
    throw new Error(`A request holds 1 to ${MAX_TASKS_PER_LOTE} tasks, not ${tasks.length}`);
  }
  const taskIds = tasks.map((_, sequence) => taskId(lote, sequence));
  const head = headOf(env, definition, tasks, { ...options, now, lote });
  const ids = head.sent ? taskIds.filter((_, index) => !tasks[index]?.failure) : [];
  const owner = await store(env, { head, chunks, ids }, options.behind).catch(async (error) => {
    // What was accepted before still has its answer, of a full database and of a busy one.
    const isRefused = isDatabaseFull(error) || error instanceof AppError;
    const isAsked = head.key !== null && isRefused;
    const answer = isAsked ? await answerTo(env.DB, head.key ?? "", now) : null;
    if (!answer) {
      throw error;
    }
    return answer;
  });
  if (owner.lote !== lote) {
    return owner.bodyHash === head.bodyHash
      ? { lote: owner.lote, taskIds: tasks.map((_, i) => taskId(owner.lote, i)), replayed: true }
      : "conflict";
  }
  logQueued(definition.name, tasks, taskIds, lote);
  const published = publishQueued(env, head, tasks, taskIds);
  if (options.behind) {
    options.behind(published);
  } else {
    await published;
  }
  return { lote, taskIds, replayed: false };
}

/** By the desk, with others, or alone. Should the desk have stored it after all, so much the better. */
async function store(
  env: Env,
  request: Submission,
  behind: EnqueueOptions["behind"],
): Promise<Owner> {
  const shared = behind && isSmall(request) && (await acceptTogether(env, request));
  if (shared) {
    return shared;
  }
  const { owners, sent } = await accept(env, [request], behind ? PATIENCE_MS : 0);
  if (behind) {
    behind(sent);
  } else {
    await sent;
  }
  return owners[0] ?? request.head;
}

function headOf(
  env: Env,
  definition: TaskDefinition,
  tasks: readonly Accepted[],
  options: EnqueueOptions & { now: number; lote: string },
): Head {
  const { lote, now, user, idempotency, delayMs = 0, template, replayOf } = options;
  const { name, module, queue } = definition;
  const notify = template?.notify ?? definition.notify;
  return {
    lote,
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
    sent: delayMs <= MAX_MESSAGE_WAIT_MS ? 1 : 0, // a longer wait is left to recovery, as all are
    tasks: tasks.length,
    failed: tasks.filter(({ failure }) => failure).length,
  };
}

function* rowTexts(given: Iterable<NewTask>, lote: string, tasks: Accepted[]): Generator<string> {
  for (const task of given) {
    const { subject, failure } = task;
    yield rowText(task, taskId(lote, tasks.push({ subject, failure }) - 1));
  }
}

/** A row as a JSON array, its input put in as it is rather than quoted once more. */
function rowText({ input, subject, failure }: NewTask, id: string): string {
  const { code = null, message = null, detail = null } = failure ?? {};
  const words = message && cutText(message, MAX_MESSAGE_CHARACTERS);
  const rest = failure ? `,${JSON.stringify([code, words, detail]).slice(1, -1)}` : "";
  return `["${id}",${JSON.stringify(subject)},${input}${rest}]`;
}

/** As of the moment it was accepted: messages are on their way, and may have done their work. */
function publishQueued(
  env: Env,
  { name, module, user, now }: Head,
  tasks: readonly Accepted[],
  ids: string[],
): Promise<void> {
  return publish(env, () =>
    tasks.map(({ subject, failure }, index) =>
      taskChange(
        { id: ids[index] ?? "", name, module, subject, user },
        failure ? { status: "FAILURE", error: failure } : { status: "PENDING" },
        now,
      ),
    ),
  );
}

function logQueued(name: string, tasks: readonly Accepted[], ids: string[], lote: string): void {
  if (!logsEach(tasks.length)) {
    log.info("batch.queued", { lote, name, tasks: tasks.length });
    return;
  }
  for (const [index, { subject }] of tasks.entries()) {
    log.info("task.queued", { taskId: ids[index], name, subject });
  }
}

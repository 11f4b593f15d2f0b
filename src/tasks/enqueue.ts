/**
 * Accepting work. All rows of a request are stored in one transaction, together with its
 * idempotency key and their counts; only then are messages sent. So what was accepted is durable: a send that fails
 * leaves PENDING rows, which recovery sends.
 */
import { inChunks } from "../db/chunks";
import { isDatabaseFull } from "../db/full";
import { retryD1 } from "../db/retry";
import { cutText } from "../lib/cut-text";
import { log } from "../log";
import { MAX_MESSAGE_WAIT_MS } from "./backoff";
import { MAX_MESSAGE_CHARACTERS } from "./bounds";
import { countSql } from "./counts";
import type { NewTask, TaskDefinition } from "./define";
import { MAX_TASKS_PER_LOTE, newLote, taskId } from "./ids";
import { logsEach } from "./lifecycle-log";
import { type Notify, notifyEndsSql } from "./notify";
import { changeOf, publish } from "./publish";
import { sendTasks } from "./queues";
import { armRecovery } from "./recovery-alarm";
import { SENT_GRACE_MS } from "./change";

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
  now?: number;
}

interface Overrides {
  attempts?: number;
  timeoutMs?: number;
  notify?: Notify;
}

/** `conflict`: the idempotency key was used with another body. */
export type Enqueued = { lote: string; taskIds: string[]; replayed: boolean } | "conflict";

const IDEMPOTENCY_MS = 86_400_000;

const TAKE_KEY = `
INSERT INTO idempotency_keys (key, body_hash, lote, expires_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (key) DO UPDATE SET body_hash = ?2, lote = ?3, expires_at = ?4
WHERE idempotency_keys.expires_at <= ?5`;

const READ_KEY = "SELECT lote, body_hash FROM idempotency_keys WHERE key = ?1";

// With an idempotency key (?9) rows are inserted only by the request that holds it.
const INSERT_TASKS = `
INSERT INTO tasks (id, name, module, queue, status, subject, user, input, max_attempts, ready_at,
  sent_at, check_at, created_at, finished_at, error_code, error_message, error_detail,
  timeout_ms, notify, template, replay_of)
SELECT ?2 || printf('%04x', value ->> 0), ?3, ?4, ?5,
  CASE WHEN value ->> 3 IS NULL THEN 'PENDING' ELSE 'FAILURE' END,
  value ->> 1, ?6, value -> 2, ?7, ?10, iif(?11, ?8, NULL), ?10 + iif(?11, ${SENT_GRACE_MS}, 0), ?8,
  CASE WHEN value ->> 3 IS NULL THEN NULL ELSE ?8 END,
  value ->> 3, value ->> 4, nullif(value -> 5, 'null'), ?12, ?13, ?14, ?15
FROM json_each(?1)
WHERE ?9 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys WHERE key = ?9 AND lote = ?2)
ON CONFLICT (id) DO NOTHING`;

// Counted once: the request's first row is not there yet.
const COUNT = countSql(
  { created: "?5", failure: "?6" },
  `FROM (SELECT ?3 AS name, ?4 AS module)
   WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = ?1 || '0000')
     AND (?7 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys WHERE key = ?7 AND lote = ?1))`,
);

const NOTIFY_FAILED = notifyEndsSql("id BETWEEN ?1 || '0000' AND ?1 || 'ffff'");

/** Whether the idempotency key has its answer: a request that brings it enqueues nothing. */
export async function isAnswered(db: D1Database, key: string, now: number): Promise<boolean> {
  const statement = db.prepare(
    "SELECT 1 AS known FROM idempotency_keys WHERE key = ?1 AND expires_at > ?2",
  );
  return (await statement.bind(key, now).first()) !== null;
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
  const chunks = inChunks(rowTexts(given, tasks));
  if (tasks.length === 0 || tasks.length > MAX_TASKS_PER_LOTE) {
    throw new Error(`A request holds 1 to ${MAX_TASKS_PER_LOTE} tasks, not ${tasks.length}`);
  }
  const now = options.now ?? Date.now();
  const delayMs = options.delayMs ?? 0;
  const lote = newLote(now);
  const taskIds = tasks.map((_, sequence) => taskId(lote, sequence));
  const owner = await insert(env, definition, { tasks, chunks }, { ...options, now, lote });
  if (owner.lote !== lote) {
    return owner.body_hash === options.idempotency?.bodyHash
      ? { lote: owner.lote, taskIds: tasks.map((_, i) => taskId(owner.lote, i)), replayed: true }
      : "conflict";
  }
  logQueued(definition.name, tasks, taskIds, lote);
  const published = publishQueued(env, definition, tasks, taskIds, options.user);
  await armRecovery(env);
  const runnable = taskIds.filter((_, index) => !tasks[index]?.failure);
  if (isSentNow(delayMs)) {
    await sendTasks(env, definition.queue, runnable, delayMs).catch((error: unknown) => {
      log.warn("enqueue.send_failed", { lote, tasks: runnable.length, message: String(error) });
    });
  }
  await published;
  return { lote, taskIds, replayed: false };
}

/** A longer delay is left to recovery, as every long wait is. */
function isSentNow(delayMs: number): boolean {
  return delayMs <= MAX_MESSAGE_WAIT_MS;
}

interface Owner {
  lote: string;
  body_hash: string | undefined;
}

/** Stores the rows, unless another request owns the idempotency key. Returns the key's owner. */
async function insert(
  env: Env,
  definition: TaskDefinition,
  { tasks, chunks }: { tasks: readonly Accepted[]; chunks: readonly string[] },
  options: EnqueueOptions & { now: number; lote: string },
): Promise<Owner> {
  const { lote, now, user, idempotency, delayMs = 0, template, replayOf } = options;
  const { name, module, queue } = definition;
  const attempts = template?.attempts ?? definition.retry(env).attempts;
  const notify = template?.notify ?? definition.notify;
  const key = idempotency?.key ?? null;
  const statement = env.DB.prepare(INSERT_TASKS);
  const statements = chunks.map((chunk) =>
    statement.bind(
      chunk,
      lote,
      name,
      module,
      queue,
      user,
      attempts,
      now,
      key,
      now + delayMs,
      isSentNow(delayMs) ? 1 : 0,
      template?.timeoutMs ?? null,
      notify ? JSON.stringify(notify) : null,
      template?.name ?? null,
      replayOf ?? null,
    ),
  );
  const failed = tasks.filter(({ failure }) => failure).length;
  const count = env.DB.prepare(COUNT);
  statements.unshift(count.bind(lote, now, name, module, tasks.length, failed, key));
  if (failed > 0 && notify?.error) {
    statements.push(env.DB.prepare(NOTIFY_FAILED).bind(lote, now));
  }
  if (idempotency) {
    const take = env.DB.prepare(TAKE_KEY);
    statements.unshift(take.bind(key, idempotency.bodyHash, lote, now + IDEMPOTENCY_MS, now));
    statements.push(env.DB.prepare(READ_KEY).bind(key));
  }
  const results = await retryD1(env.DB, () => env.DB.batch<Owner>(statements)).catch(
    async (error) => {
      // What a full database accepted before still has its answer.
      if (key !== null && isDatabaseFull(error) && (await isAnswered(env.DB, key, now))) {
        return [await env.DB.prepare(READ_KEY).bind(key).all<Owner>()];
      }
      throw error;
    },
  );
  const owner = idempotency ? results.at(-1)?.results[0] : undefined;
  return owner ?? { lote, body_hash: undefined };
}

function* rowTexts(given: Iterable<NewTask>, tasks: Accepted[]): Generator<string> {
  for (const task of given) {
    const { subject, failure } = task;
    yield rowText(task, tasks.push({ subject, failure }) - 1);
  }
}

/** A row as a JSON array, its input put in as it is rather than quoted once more. */
function rowText({ input, subject, failure }: NewTask, sequence: number): string {
  const { code = null, message = null, detail = null } = failure ?? {};
  const words = message && cutText(message, MAX_MESSAGE_CHARACTERS);
  const rest = failure ? `,${JSON.stringify([code, words, detail]).slice(1, -1)}` : "";
  return `[${sequence},${JSON.stringify(subject)},${input}${rest}]`;
}

function publishQueued(
  env: Env,
  { name, module }: TaskDefinition,
  tasks: readonly Accepted[],
  ids: string[],
  user: string | null,
): Promise<void> {
  return publish(env, () =>
    tasks.map(({ subject, failure }, index) =>
      changeOf(
        { id: ids[index] ?? "", name, module, subject, user },
        failure ? { status: "FAILURE", error: failure } : { status: "PENDING" },
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

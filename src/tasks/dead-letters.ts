/**
 * Messages nobody will run: those the platform gave up on, and those that were never ours. Each
 * becomes a task that failed, with its raw body, so that it can be seen and repaired. A message is
 * acked once that is stored.
 */
import { retryD1 } from "../db/retry";
import { cutText } from "../lib/cut-text";
import { log } from "../log";
import { countSql } from "./counts";
import type { Reason } from "./define";
import { newLote, taskId } from "./ids";
import { LEASED } from "./leases";
import { notifyFailureSql } from "./notify";
import { publishRows, TOLD, type ToldRow } from "./publish";
import { readMessage } from "./queues";
import { OPEN, TRACKED } from "./states";

const RETRY_SECONDS = 60;
const MAX_BODY_CHARACTERS = 4000;
/** What the failures made of messages without a task are filed under. */
export const BURIED = { name: "system.message", module: "system" } as const;
/** Error codes of what nobody will run. */
export const DEAD_LETTER_CODES = ["dead_letter", "invalid_message"] as const;
const GIVEN_UP: Reason = {
  code: "dead_letter",
  message: "The queue gave up on the message of this task",
};

/** Ends what the platform gave up on. A task that is running, or has ended, is left alone. */
export async function consumeDeadLetters(batch: MessageBatch, env: Env): Promise<void> {
  const strangers: Message[] = [];
  const ours = new Map<string, Message[]>();
  for (const message of batch.messages) {
    const read = readMessage(message.body);
    if (typeof read === "string") {
      strangers.push(message);
    } else {
      ours.set(read.task_id, [...(ours.get(read.task_id) ?? []), message]);
    }
  }
  const now = Date.now();
  const settled = await failTasks([...ours.keys()], env, now).catch((error: unknown) => {
    log.error("dead_letters.failed", { message: String(error) });
    return undefined;
  });
  const known = settled?.known;
  for (const [id, messages] of ours) {
    if (known?.has(id)) {
      messages.forEach((message) => message.ack());
    } else if (known) {
      strangers.push(...messages);
    } else {
      messages.forEach((message) => message.retry({ delaySeconds: RETRY_SECONDS }));
    }
  }
  await buryMessages(strangers, env, GIVEN_UP);
  await publishRows(env, settled?.failed ?? [], now);
}

// Work elsewhere has no message: one that names it says nothing.
const GIVEN_UP_OPEN = `id IN (SELECT value FROM json_each(?1)) AND ${OPEN}
  AND queue <> '${TRACKED}' AND id NOT IN (${LEASED})`;
const COUNT_GIVEN_UP = countSql({ failure: "count(*)" }, `FROM tasks WHERE ${GIVEN_UP_OPEN}`);
const NOTIFY_GIVEN_UP = notifyFailureSql("?3", GIVEN_UP_OPEN);
const FAIL_OPEN = `
UPDATE tasks SET status = 'FAILURE', finished_at = ?2, error_code = ?3, error_message = ?4
WHERE ${GIVEN_UP_OPEN}
RETURNING ${TOLD}`;

interface GivenUp {
  /** Ids that are tasks of ours, whatever their state. */
  known: Set<string>;
  failed: ToldRow[];
}

async function failTasks(ids: string[], env: Env, now: number): Promise<GivenUp> {
  if (ids.length === 0) {
    return { known: new Set(), failed: [] };
  }
  const list = JSON.stringify(ids);
  const [, , failed, read] = await retryD1(() =>
    env.DB.batch<ToldRow>([
      env.DB.prepare(COUNT_GIVEN_UP).bind(list, now),
      env.DB.prepare(NOTIFY_GIVEN_UP).bind(list, now, GIVEN_UP.message),
      env.DB.prepare(FAIL_OPEN).bind(list, now, GIVEN_UP.code, GIVEN_UP.message),
      env.DB.prepare("SELECT t.id FROM json_each(?1) m JOIN tasks t ON t.id = m.value").bind(list),
    ]),
  );
  const rows = failed?.results ?? [];
  log.warn("dead_letters.tasks", { messages: ids.length, failed: rows.length });
  return { known: new Set(read?.results.map((row) => row.id)), failed: rows };
}

// The message's id makes its row: the same message delivered twice is one failure.
const UNBURIED = `FROM json_each(?1)
WHERE NOT EXISTS (
  SELECT 1 FROM tasks t WHERE t.subject = value ->> 'message' AND t.name = 'system.message'
)`;
const COUNT_BURIED = countSql(
  { created: "count(*)", failure: "count(*)" },
  `FROM (SELECT 'system.message' AS name, 'system' AS module ${UNBURIED})`,
);
const BURY = `
INSERT INTO tasks (id, name, module, queue, status, subject, input, max_attempts, ready_at,
  check_at, created_at, finished_at, error_code, error_message)
SELECT value ->> 'id', 'system.message', 'system', 'none', 'FAILURE', value ->> 'message',
  value -> 'input', 0, ?2, ?2, ?2, ?2, ?3, ?4
${UNBURIED}
RETURNING ${TOLD}`;

/** Makes a failure of each message, with its raw body, and acks it. */
export async function buryMessages(
  messages: readonly Message[],
  env: Env,
  reason: Reason,
): Promise<void> {
  if (messages.length === 0) {
    return;
  }
  const now = Date.now();
  const lote = newLote(now);
  const rows = messages.map((message, index) => ({
    id: taskId(lote, index),
    message: `message:${message.id}`,
    input: { message_id: message.id, body: bodyText(message.body) },
  }));
  try {
    const list = JSON.stringify(rows);
    const [, buried] = await retryD1(() =>
      env.DB.batch<ToldRow>([
        env.DB.prepare(COUNT_BURIED).bind(list, now),
        env.DB.prepare(BURY).bind(list, now, reason.code, reason.message),
      ]),
    );
    messages.forEach((message) => message.ack());
    log.warn("messages.buried", { messages: messages.length, code: reason.code });
    await publishRows(env, buried?.results ?? [], now);
  } catch (error) {
    messages.forEach((message) => message.retry({ delaySeconds: RETRY_SECONDS }));
    log.error("messages.bury_failed", { messages: messages.length, message: String(error) });
  }
}

function bodyText(body: unknown): string {
  let text: string;
  try {
    text = typeof body === "string" ? body : (JSON.stringify(body) ?? String(body));
  } catch {
    text = String(body);
  }
  return cutText(text, MAX_BODY_CHARACTERS);
}

/**
 * A dead letter is a message that the platform gave up on after a hundred deliveries. It says nothing
 * of its task: an open task's row is marked as unsent, and recovery sends another message. This ends
 * even for a poisonous task, since the third crash counted in its row fails it. A message without a
 * task here becomes a failed task with its raw body, so that it can be seen. A message is acked once
 * that is stored.
 */
import { logFailure } from "../../db/full";
import { guarded } from "../../db/guarded";
import { sql } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { retryD1, UNATTENDED } from "../../db/retry";
import { cutText } from "../../lib/cut-text";
import { type Chance, systemChance, systemClock } from "../../lib/clock";
import { log } from "../../log";
import { countSql } from "../model/counts";
import type { FailureReason } from "../model/define";
import { newBatchId, taskId } from "../../lib/ids";
import { LEASED } from "../model/leases";
import { publishRows, TOLD, type ToldRow } from "../model/publish";
import { putOffForDays } from "./put-off";
import { taskIdOf } from "../model/queues";
import { lookNow } from "../recovery/recovery-alarm";
import { OPEN, TRACKED } from "../model/states";

const MAX_BODY_CHARACTERS = 4000;
/** Failures made of messages without a task have this name and module. */
export const BURIED = { name: "system.message", module: "system" } as const;
/** Failures made of messages have these error codes, as no handler will run them. */
export const DEAD_LETTER_CODES = ["dead_letter", "invalid_message"] as const;
const GIVEN_UP: FailureReason = {
  code: "dead_letter",
  message: "The queue gave up on a message that is of no task here",
};

/** Has open tasks sent again. A task that is running, or has ended, is left alone. */
export async function consumeDeadLetters(
  batch: MessageBatch,
  given: Env,
  clock = systemClock,
  chance = systemChance,
): Promise<void> {
  const env = guarded(given, UNATTENDED);
  const strangers: Message[] = [];
  const named: [id: string, message: Message][] = [];
  for (const message of batch.messages) {
    const id = taskIdOf(message.body);
    if (id === null) {
      strangers.push(message);
    } else {
      named.push([id, message]);
    }
  }
  const known = await sendAgain(
    named.map(([id]) => id),
    env,
    clock(),
  ).catch((error: unknown) => {
    logFailure("dead_letters.failed", error);
    return null;
  });
  for (const [id, message] of named) {
    if (known === null) {
      putOffForDays(message, chance());
    } else if (known.has(id)) {
      message.ack();
    } else {
      strangers.push(message);
    }
  }
  await buryMessages(strangers, env, GIVEN_UP, clock(), chance);
}

// Tracked work has no message of its own, so a message that names it says nothing.
const MARK_UNSENT = sql(`
UPDATE tasks SET sent_at = NULL, check_at = max(ready_at, :now), resends = 0
WHERE id IN (SELECT value FROM json_each(:ids)) AND ${OPEN}
  AND queue <> '${TRACKED}' AND id NOT IN (${LEASED})`);
const KNOWN = sql("SELECT t.id FROM json_each(:ids) m JOIN tasks t ON t.id = m.value");

/** Has these tasks sent again, and returns the ids that are tasks here, whatever their state. */
async function sendAgain(ids: string[], env: Env, now: number): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set();
  }
  const list = { ids: JSON.stringify(ids) };
  const [marked, read] = await retryD1(env.DB, () =>
    env.DB.batch<Pick<TaskColumns, "id">>([
      MARK_UNSENT.on(env.DB, { ...list, now }),
      KNOWN.on(env.DB, list),
    ]),
  );
  log.warn("dead_letters.tasks", { messages: ids.length, sentAgain: marked?.meta.changes ?? 0 });
  await lookNow(env);
  return new Set(read?.results.map(({ id }) => id));
}

// A row names its message's id, so that the same message delivered twice is one failure.
const UNBURIED = `FROM json_each(:rows)
WHERE NOT EXISTS (
  SELECT 1 FROM tasks t WHERE t.subject = value ->> 'message' AND t.name = 'system.message'
)`;
const COUNT_BURIED = sql(
  countSql(
    { created: "count(*)", failure: "count(*)" },
    `FROM (SELECT 'system.message' AS name, 'system' AS module ${UNBURIED})`,
  ),
  ["rows", "now"],
);
const BURY = sql(
  `
INSERT INTO tasks (id, name, module, queue, status, subject, input, max_attempts, ready_at,
  check_at, created_at, finished_at, error_code, error_message)
SELECT value ->> 'id', 'system.message', 'system', 'none', 'FAILURE', value ->> 'message',
  value -> 'input', 0, :now, :now, :now, :now, :code, :message
${UNBURIED}
RETURNING ${TOLD}`,
  ["rows", "now", "code", "message"],
);

/** Makes a failure of each message, with its raw body, and acks it. If D1 fails, they wait. */
export async function buryMessages(
  messages: readonly Message[],
  env: Env,
  reason: FailureReason,
  now: number,
  chance: Chance,
): Promise<void> {
  if (messages.length === 0) {
    return;
  }
  const batchId = newBatchId(now);
  const rows = messages.map((message, index) => ({
    id: taskId(batchId, index),
    message: `message:${message.id}`,
    input: { message_id: message.id, body: bodyText(message.body) },
  }));
  try {
    const list = { rows: JSON.stringify(rows), now };
    const { code, message } = reason;
    const [, buried] = await retryD1(env.DB, () =>
      env.DB.batch<ToldRow>([
        COUNT_BURIED.on(env.DB, list),
        BURY.on(env.DB, { ...list, code, message }),
      ]),
    );
    messages.forEach((message) => message.ack());
    log.warn("messages.buried", { messages: messages.length, code: reason.code });
    await publishRows(env, buried?.results ?? [], now);
  } catch (error) {
    messages.forEach((message) => putOffForDays(message, chance()));
    logFailure("messages.bury_failed", error, { messages: messages.length });
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

/**
 * Work is accepted in one transaction: the rows of one request or of several, with their idempotency
 * keys and counts. It may be repeated without effect, here and elsewhere at once, as long as a request
 * keeps its batch id: its rows are stored and counted once.
 */
import { joinArrays } from "../../db/chunks";
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { countSql } from "../model/counts";
import { notifyEndsSql, readNotify } from "../model/notify";
import { armRecovery } from "../recovery/recovery-alarm";
import { sendTasks } from "./sending";
import { SENT_GRACE_MS } from "../model/queues";

/** Head is what the tasks of a request have in common. Times are Unix milliseconds. */
export interface Head {
  /** The batch id, under the name by which the desk's object of another version knows it. */
  lote: string;
  now: number;
  user: string | null;
  /** The idempotency key; null for none. */
  key: string | null;
  bodyHash: string | null;
  name: string;
  module: string;
  queue: string;
  attempts: number;
  timeoutMs: number | null;
  /** `Notify` as JSON text; null for none. */
  notify: string | null;
  template: string | null;
  replayOf: string | null;
  delayMs: number;
  /** 1 if messages are sent for its tasks at once, else 0. */
  sent: 0 | 1;
  tasks: number;
  failed: number;
}

/** Submission is a request as it is stored. Its large parts are text already. */
export interface Submission {
  head: Head;
  /** JSON arrays of rows: [id, subject, input], and for a failure also code, message, detail. */
  chunks: string[];
  /** The ids of the tasks to send. */
  ids: string[];
}

/** Owner is the request whose work an idempotency key stands for: this one, or an earlier one. */
export interface Owner {
  lote: string;
  bodyHash: string | null;
}

const IDEMPOTENCY_MS = 86_400_000;

const TAKE_KEYS = sql(`
INSERT INTO idempotency_keys (key, body_hash, lote, expires_at)
SELECT value ->> 'key', value ->> 'bodyHash', value ->> 'lote', (value ->> 'now') + ${IDEMPOTENCY_MS}
FROM json_each(:heads) WHERE value ->> 'key' IS NOT NULL
ON CONFLICT (key) DO UPDATE SET body_hash = excluded.body_hash, lote = excluded.lote,
  expires_at = excluded.expires_at
WHERE idempotency_keys.expires_at + ${IDEMPOTENCY_MS} <= excluded.expires_at`);

const OWNERS = sql(`
SELECT key, lote, body_hash AS bodyHash FROM idempotency_keys
WHERE key IN (SELECT value ->> 'key' FROM json_each(:heads))`);

/** Makes SQL of the heads without those whose idempotency key belongs to another request. */
const headsSql = (columns: readonly (keyof Head)[]) => `
SELECT ${columns.map((column) => `value ->> '${column}' AS ${column}`).join(", ")}
FROM json_each(:heads) WHERE value ->> 'key' IS NULL OR EXISTS (
  SELECT 1 FROM idempotency_keys k WHERE k.key = value ->> 'key' AND k.lote = value ->> 'lote')`;

// A request is counted once, as its first row is there when it is repeated.
const COUNT = sql(
  countSql(
    { created: "sum(tasks)", failure: "sum(failed)" },
    `FROM (${headsSql(["lote", "now", "name", "module", "tasks", "failed"])})
   WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = lote || '0000')`,
    { name: "name", module: "module", at: "now" },
  ),
  ["heads"],
);

// CROSS makes SQLite go through the rows once, whatever the planner thinks of their number.
const INSERT_TASKS = sql(
  `
WITH h AS MATERIALIZED (${headsSql([
    "lote",
    "now",
    "user",
    "name",
    "module",
    "queue",
    "attempts",
    "timeoutMs",
    "notify",
    "template",
    "replayOf",
    "delayMs",
    "sent",
  ])})
INSERT INTO tasks (id, name, module, queue, status, subject, user, input, max_attempts, ready_at,
  sent_at, check_at, created_at, finished_at, error_code, error_message, error_detail,
  timeout_ms, notify, template, replay_of)
SELECT r.value ->> 0, name, module, queue, iif(r.value ->> 3 IS NULL, 'PENDING', 'FAILURE'),
  r.value ->> 1, user, r.value -> 2, attempts, now + delayMs,
  iif(sent, now, NULL), now + delayMs + iif(sent, ${SENT_GRACE_MS}, 0), now,
  iif(r.value ->> 3 IS NULL, NULL, now),
  r.value ->> 3, r.value ->> 4, nullif(r.value -> 5, 'null'),
  timeoutMs, notify, template, replayOf
FROM json_each(:rows) r CROSS JOIN h ON lote = substr(r.value ->> 0, 1, 32)
WHERE true ON CONFLICT (id) DO NOTHING`,
  ["heads", "rows"],
);

const ARMING_MS = 1000;

const NOTIFY_FAILED = sql(notifyEndsSql("id BETWEEN :lote || '0000' AND :lote || 'ffff'"), [
  "lote",
  "now",
]);

/**
 * Stores requests, the rows of several as one value of at most 2 MB, and sends their messages.
 * Resolves once they are durable to the owner of each. `sent` ends when the queue has taken what it
 * takes within the patience, and never rejects.
 */
export async function accept(
  env: Env,
  requests: readonly Submission[],
  patienceMs: number,
): Promise<{ owners: Owner[]; sent: Promise<unknown> }> {
  const owners = await store(env.DB, requests);
  // An arming that hangs must not hold up the answer: the work is stored, and the cron looks too.
  await Promise.race([armRecovery(env), scheduler.wait(ARMING_MS)]);
  const own = requests.filter(({ head }, index) => owners[index]?.lote === head.lote);
  const sends = [...Map.groupBy(own, ({ head }) => head.queue)].flatMap(([queue, ofQueue]) =>
    [...Map.groupBy(ofQueue, ({ head }) => head.delayMs)].map(([delayMs, group]) => {
      const ids = group.flatMap((request) => request.ids);
      return sendTasks(env, queue, ids, { delayMs, patienceMs });
    }),
  );
  return { owners, sent: Promise.all(sends) };
}

async function store(db: D1Database, requests: readonly Submission[]): Promise<Owner[]> {
  const all = requests.map(({ head }) => head);
  const heads = JSON.stringify(all);
  const texts = requests.flatMap(({ chunks }) => chunks);
  const chunks = requests.length > 1 ? [joinArrays(texts)] : texts;
  const statements = [
    COUNT.on(db, { heads }),
    ...chunks.map((rows) => INSERT_TASKS.on(db, { heads, rows })),
  ];
  for (const { failed, notify, lote, now } of all) {
    if (failed > 0 && tellsOfFailures(notify)) {
      statements.push(NOTIFY_FAILED.on(db, { lote, now }));
    }
  }
  const hasKeys = all.some(({ key }) => key !== null);
  if (hasKeys) {
    statements.unshift(TAKE_KEYS.on(db, { heads }));
    statements.push(OWNERS.on(db, { heads }));
  }
  const results = await retryD1(db, () => db.batch<Owner & { key: string }>(statements));
  const found = hasKeys ? (results.at(-1)?.results ?? []) : [];
  const byKey = new Map(found.map((owner) => [owner.key, owner]));
  return all.map((own) => (own.key === null ? own : (byKey.get(own.key) ?? own))).map(ownerOf);
}

function ownerOf({ lote, bodyHash }: Owner): Owner {
  return { lote, bodyHash };
}

function tellsOfFailures(notify: string | null): boolean {
  return readNotify(notify).error === true;
}

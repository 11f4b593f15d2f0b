/**
 * Backpressure refuses work past a limit of backlog, so that its sender learns at once that it would
 * wait, and the wait does not grow without end. It also refuses work while the database is nearly
 * full, so that what was accepted can be stored to its end.
 *
 * The backlog's age is how long tasks have been ready for their first turn, counted from the end of
 * the queue's last pause at the earliest. No backlog is what waits on purpose (a delay, a retry, a
 * paused queue, a catalogue that is down), what a consumer holds, or less than a batch: the next
 * delivery takes it all, and one task whose message was lost must not close the door to all others.
 *
 * A look is one bounded read of an index per second and isolate while requests come, and no write.
 */
import { sql } from "../../db/sql";
import { type Config, configOf } from "../../config";
import { logFull } from "../../db/full";
import { takesWork } from "../../db/storage";
import { AppError, storageFull } from "../../http/errors";
import { isRecent } from "../../lib/recent";
import { log } from "../../log";
import { LEASED } from "../model/leases";
import { isPausedSql, isResumedSql } from "../model/pauses";
import { OPEN } from "../model/states";
import { SENT_GRACE_MS } from "../model/queues";

/** A batch is what a consumer gets at most (max_batch_size of the orders queue). */
const BATCH = 100;
/** This many rows hold a backlogged batch behind what consumers hold at the head of the index. */
const ROWS = 5 * BATCH;
const REMEMBERED_MS = 1000;
const RETRY_AFTER_SECONDS = 30;

// A row's check_at is SENT_GRACE_MS after its message was sent, and later once it was sent again.
const READY_BEFORE = sql(
  `
SELECT count(*) AS n FROM (
  SELECT id, status, ready_at FROM tasks INDEXED BY tasks_open
  WHERE queue = :queue AND check_at <= max(:now, :before + ${SENT_GRACE_MS}) AND ${OPEN}
  ORDER BY check_at LIMIT ${ROWS}
)
WHERE status = 'PENDING' AND ready_at <= :before AND id NOT IN (${LEASED})
  AND NOT ${isPausedSql(":queue")} AND NOT ${isResumedSql(":queue", ":before")}`,
  ["queue", "now", "before"],
);

interface Look {
  at: number;
  overloaded: boolean;
  full: boolean;
}

/** The isolate's last looks are kept by queue, for each configuration. */
const looks = new WeakMap<object, Map<string, Look>>();

/**
 * Throws a 503 `overloaded` while the queue's backlog is older than MAX_BACKLOG_SECONDS, and a 507
 * `storage_full` while the database has no room for new work. Neither is thrown for work that
 * `isKnown`, asked only then, says was accepted before.
 */
export async function assertRoom(
  env: Env,
  queue: string,
  isKnown: () => Promise<boolean> = async () => false,
  now = Date.now(),
): Promise<void> {
  const { overloaded, full } = await lookAt(env, queue, now);
  if ((overloaded || full) && !(await isKnown())) {
    throw full ? storageFull() : tooMuchWaits(configOf(env).maxBacklogMs);
  }
}

/** Throws a 507 `storage_full` if there is no room, which is all that matters for a single task. */
export async function assertStorage(env: Env, queue: string, now = Date.now()): Promise<void> {
  if ((await lookAt(env, queue, now)).full) {
    throw storageFull();
  }
}

function tooMuchWaits(limitMs: number): AppError {
  const detail =
    `Accepted work has waited for more than ${limitMs / 1000} seconds. Nothing of this ` +
    "request was accepted; send it again later, under the same Idempotency-Key if it had one.";
  const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
  return new AppError(503, "overloaded", detail, {}, headers);
}

async function lookAt(env: Env, queue: string, now: number): Promise<Look> {
  const config = configOf(env);
  const byQueue = looks.get(config) ?? new Map<string, Look>();
  looks.set(config, byQueue);
  const last = byQueue.get(queue) ?? { at: 0, overloaded: false, full: false };
  if (isRecent(last.at, REMEMBERED_MS, now)) {
    return last;
  }
  // Until this look ends, other requests go by the last one. They do not wait for this one's promise,
  // which would never settle if its own request were cut off.
  const look = { ...last, at: now };
  byQueue.set(queue, look);
  return Object.assign(look, await measure(env.DB, queue, now, config));
}

/** Looks at backlog and room. Never rejects: a D1 that fails will refuse the work itself. */
async function measure(
  db: D1Database,
  queue: string,
  now: number,
  { maxBacklogMs, databaseMaxBytes: limit }: Config,
): Promise<Omit<Look, "at">> {
  try {
    const look = READY_BEFORE.on(db, { queue, now, before: now - maxBacklogMs });
    const { results, meta } = await look.all<{ n: number }>();
    const overloaded = maxBacklogMs > 0 && (results[0]?.n ?? 0) >= BATCH;
    const full = !takesWork({ bytes: meta.size_after, limit });
    if (full) {
      logFull({ found: "ingest.refused", bytes: meta.size_after, limit });
    }
    if (overloaded) {
      log.warn("ingest.overloaded", { queue, olderThanMs: maxBacklogMs });
    }
    return { overloaded, full };
  } catch (error) {
    log.warn("ingest.backlog_unknown", { queue, message: String(error) });
    return { overloaded: false, full: false };
  }
}

/**
 * Recovery finds what was lost and puts it back on its way. Every step is bounded, may run twice at
 * once, and errs on the side of one message too many, which the consumer acks without effect.
 *
 * 0. Expired idempotency keys are deleted first, which makes room for the rest on a full database.
 *    After the clock went back, stored times are set back too (set-back.ts).
 * 1. A lapsed lease means that its consumer died. Any of its tasks may have killed it, so each will
 *    run alone, and loses no attempt. Only a task that was alone counts the crash, and the third
 *    crash ends it. After D1 failed, whoever lives first gets time to extend its lease, some minutes
 *    at most, and what lapsed while nobody could extend is sent again without blame.
 * 2. Tracked work that no longer reports is lost.
 * 3. Rows whose message is due, or seems gone, are sent again (resend.ts).
 * 4. Old counts are folded.
 *
 * A look goes on when step 0, 2 or 4 fails, as the next look does it again.
 */
import { configOf } from "../../config";
import { logFailure } from "../../db/full";
import { sql } from "../../db/sql";
import type { LeaseColumns } from "../model/schema";
import { guarded } from "../../db/guarded";
import { UNATTENDED } from "../../db/retry";
import { log } from "../../log";
import { countEndsSql, foldCounts } from "../model/counts";
import { deleteExpiredKeys } from "./expired-keys";
import { notifyEndsSql } from "../model/notify";
import { publishRows, TOLD, type ToldRow } from "../model/publish";
import { resendDue } from "./resend";
import { beatMs, HELD } from "../model/leases";
import { setBack } from "./set-back";
import { OPEN } from "../model/states";
import { extendTimelineSql } from "../model/timeline";
import { LOST_PER_RUN, loseSilent } from "./tracked-lost";

const LEASES_PER_RUN = 50;
/** Lapsed leases are left alone for no longer than this, look after look. */
const MAX_POSTPONED_MS = 5 * 60_000;
export const MAX_CRASHES = 3;

export interface Recovered extends Judgement {
  /** Whether work is left that may need recovery. */
  open: boolean;
  /** Whether this run stopped at one of its bounds, so that more could be recovered at once. */
  more: boolean;
  /** The number of leases this run broke; `resent` is that of messages it sent. */
  lapsed: number;
  resent: number;
  lost: number;
}

/** Memory is what a look should know of those before it. Times are Unix milliseconds. */
export interface Memory {
  /** The end of the last look; one after now is of a clock that went back. */
  latest?: number;
  /** The time since which D1 has answered every look; null when it failed the last one. */
  wellSince?: number | null;
  /**
   * The time since which lapsed leases have been left alone; null when the last look judged them.
   */
  postponedSince?: number | null;
}

/** Judgement is kept for the next look. */
export interface Judgement {
  wellSince: number;
  postponedSince: number | null;
}

/**
 * Judges whether a look now may break leases or must postpone that. A look that is missing, or was
 * late, says that D1 did not answer.
 */
export function judge(memory: Memory, env: Env, now: number): Judgement {
  const { latest, wellSince: since = 0, postponedSince } = memory;
  const isLate = latest !== undefined && isLong(env, now - latest);
  const wellSince = since === null || isLate ? now : Math.min(since, now);
  const from = Math.min(postponedSince ?? now, now);
  const waits = now - wellSince < beatMs(configOf(env).leaseMs) && now - from < MAX_POSTPONED_MS;
  return { wellSince, postponedSince: waits ? from : null };
}

/** Tells whether D1 was without an answer for so long that leases of the living may have lapsed. */
export function isLong(env: Env, ms: number): boolean {
  const { leaseMs, recoveryMs } = configOf(env);
  return ms > Math.max(leaseMs, 2 * recoveryMs);
}

export async function recover(given: Env, now: number, memory: Memory = {}): Promise<Recovered> {
  const env = guarded(given, UNATTENDED);
  const hasExpired = await housekeep("expired_keys", deleteExpiredKeys(env.DB, now), false);
  await setBack(env, now, memory.latest ?? now);
  const judgement = judge(memory, env, now);
  const { lapsed, crashed } = await breakLapsedLeases(env, now, judgement);
  const silent = await housekeep("silent_tasks", loseSilent(env.DB, now), []);
  const lost = silent.length;
  await publishRows(env, [...crashed, ...silent], now);
  const { sent: resent, more } = await resendDue(env, now);
  await housekeep("counts", foldCounts(env.DB, now), undefined);
  const open = (await hasOpenWork(env.DB)) || hasExpired;
  if (lapsed > 0 || resent > 0 || lost > 0) {
    log.warn("recovery.recovered", { lapsedLeases: lapsed, resentTasks: resent, lostTasks: lost });
  }
  const atBound = more || hasExpired || lapsed === LEASES_PER_RUN || lost === LOST_PER_RUN;
  return { open, more: atBound, lapsed, resent, lost, ...judgement };
}

async function housekeep<T>(step: string, work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    logFailure("recovery.housekeeping_failed", error, { step });
    return otherwise;
  }
}

const HAS_OPEN = sql(
  `SELECT EXISTS (SELECT 1 FROM tasks WHERE ${OPEN}) OR EXISTS (SELECT 1 FROM leases) AS open`,
);

/** Tells whether anything may need recovery. */
export async function hasOpenWork(db: D1Database): Promise<boolean> {
  const row = await HAS_OPEN.on(db).first<{ open: number }>();
  return row?.open === 1;
}

// Each statement asks again whether the lease has lapsed, as a late heartbeat must win over
// recovery.
const LAPSED_HELD = `${HELD} AND l.expires_at <= :now` as const;

const SUSPECT = sql(
  `
UPDATE tasks SET suspect = 1,
  crashes = crashes + alone, deferrals = 0,
  status = CASE WHEN crashes + alone >= ${MAX_CRASHES} THEN 'FAILURE' ELSE 'RETRY' END,
  finished_at = CASE WHEN crashes + alone >= ${MAX_CRASHES} THEN :now END,
  error_code = 'worker_crashed',
  error_message = 'The worker died while it ran this task', error_traceback = NULL,
  started_at = coalesce(started_at, since), worker = x.worker,
  ready_at = :now, sent_at = NULL, check_at = :now, resends = 0,
  timeline = ${extendTimelineSql("json_object('at', :now, 'event', 'crashed', 'worker', x.worker, 'alone', json(iif(alone, 'true', 'false')))")}
FROM (
  SELECT worker AS worker, since AS since, json_array_length(task_ids) = 1 AS alone
  FROM leases WHERE token = :token
) x
WHERE tasks.id IN (${LAPSED_HELD}) AND tasks.${OPEN}
RETURNING ${TOLD}`,
  ["token", "now"],
);

const COUNT_CRASHED = sql(countEndsSql(`id IN (${LAPSED_HELD})`), ["token", "now"]);
const NOTIFY_CRASHED = sql(notifyEndsSql(`id IN (${LAPSED_HELD})`), ["token", "now"]);

const UNBLAMED = sql(`
UPDATE tasks SET sent_at = NULL, check_at = :now, resends = 0
WHERE id IN (${LAPSED_HELD}) AND ${OPEN}`);

const READ_LAPSED = sql(`
SELECT token, expires_at FROM leases WHERE expires_at <= :now LIMIT ${LEASES_PER_RUN}`);
const DELETE_LAPSED = sql("DELETE FROM leases WHERE token = :token AND expires_at <= :now");

interface Broken {
  lapsed: number;
  /** The tasks that the broken leases held. */
  crashed: ToldRow[];
}

async function breakLapsedLeases(
  { DB: db }: Env,
  now: number,
  { wellSince, postponedSince }: Judgement,
): Promise<Broken> {
  const broken: Broken = { lapsed: 0, crashed: [] };
  if (postponedSince !== null) {
    return broken;
  }
  const { results } = await READ_LAPSED.on(db, { now }).all<
    Pick<LeaseColumns, "token" | "expires_at">
  >();
  for (const { token, expires_at } of results) {
    const blame = expires_at > wellSince ? [SUSPECT, COUNT_CRASHED, NOTIFY_CRASHED] : [UNBLAMED];
    try {
      const results = await db.batch<ToldRow>([
        ...blame.map((statement) => statement.on(db, { token, now })),
        DELETE_LAPSED.on(db, { token, now }),
      ]);
      broken.lapsed += results.at(-1)?.meta.changes ?? 0;
      broken.crashed.push(...(results[0]?.results ?? [])); // UNBLAMED returns no rows.
    } catch (error) {
      logFailure("recovery.break_failed", error, { token });
    }
  }
  return broken;
}

/**
 * Recovery: finds what was lost and puts it back on its way. Every step is bounded, may run twice
 * at once, and errs on the side of one message too many, which the consumer acks without effect.
 *
 * 0. After a step back of the clock, times that it wrote before are set back (set-back.ts).
 * 1. Leases that lapsed: their consumer died. It was no attempt of theirs, but any of them may be
 *    the killer, so each will run alone. Only a task that was alone counts the crash; the third
 *    ends it.
 * 2. Work elsewhere that no longer reports is lost.
 * 3. Rows whose message is due, or seems gone, are sent again (resend.ts).
 * 4. Expired idempotency keys go, and old counts are folded.
 */
import { log } from "../log";
import { countEndsSql, foldCounts } from "./counts";
import { deleteExpiredKeys } from "./expired-keys";
import { armRecovery } from "./recovery-alarm";
import { notifyEndsSql } from "./notify";
import { publishRows, TOLD, type ToldRow } from "./publish";
import { resendDue } from "./resend";
import { HELD } from "./leases";
import { setBack } from "./set-back";
import { OPEN } from "./states";
import { extendTimelineSql } from "./timeline";
import { LOST_PER_RUN, loseSilent } from "./tracked";

const LEASES_PER_RUN = 50;
export const MAX_CRASHES = 3;

export interface Recovered {
  /** Work is left that may need recovery. */
  open: boolean;
  /** Some of it could be recovered now: this run stopped at one of its bounds. */
  more: boolean;
  /** Leases broken by this run, and messages it sent. */
  lapsed: number;
  resent: number;
  lost: number;
}

/** `latest` is the latest time known to have been: one after `now` is of a clock that went back. */
export async function recover(env: Env, now: number, latest = now): Promise<Recovered> {
  await setBack(env, now, latest);
  const { lapsed, crashed } = await breakLapsedLeases(env.DB, now);
  const silent = await loseSilent(env.DB, now);
  const lost = silent.length;
  await publishRows(env, [...crashed, ...silent], now);
  const { sent: resent, more } = await resendDue(env, now);
  const hasExpired = await deleteExpiredKeys(env.DB, now);
  await foldCounts(env.DB, now);
  const open = (await hasOpenWork(env.DB)) || hasExpired;
  if (lapsed > 0 || resent > 0 || lost > 0) {
    log.warn("recovery.recovered", { lapsedLeases: lapsed, resentTasks: resent, lostTasks: lost });
  }
  const atBound = more || hasExpired || lapsed === LEASES_PER_RUN || lost === LOST_PER_RUN;
  return { open, more: atBound, lapsed, resent, lost };
}

/**
 * The cron's look: wakes the alarm if work is open and it was lost. Keys expire a day after the
 * work they came with, when the alarm may be at rest.
 */
export async function watchRecovery(env: Env, now: number): Promise<void> {
  const hasExpired = await deleteExpiredKeys(env.DB, now);
  if (hasExpired || (await hasOpenWork(env.DB))) {
    await armRecovery(env);
  }
}

async function hasOpenWork(db: D1Database): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM tasks WHERE ${OPEN}) OR EXISTS (SELECT 1 FROM leases) AS open`,
    )
    .first<{ open: number }>();
  return row?.open === 1;
}

// "Lapsed" is asked again in each statement: a late heartbeat must win over this.
const LAPSED_HELD = `${HELD} AND l.expires_at <= ?2`;

const SUSPECT = `
UPDATE tasks SET suspect = 1,
  crashes = crashes + alone, deferrals = 0,
  status = CASE WHEN crashes + alone >= ${MAX_CRASHES} THEN 'FAILURE' ELSE 'RETRY' END,
  finished_at = CASE WHEN crashes + alone >= ${MAX_CRASHES} THEN ?2 END,
  error_code = 'worker_crashed',
  error_message = 'The worker died while it ran this task',
  started_at = coalesce(started_at, since), worker = x.worker,
  ready_at = ?2, sent_at = NULL, check_at = ?2, resends = 0,
  timeline = ${extendTimelineSql("json_object('at', ?2, 'event', 'crashed', 'worker', x.worker, 'alone', json(iif(alone, 'true', 'false')))")}
FROM (
  SELECT worker AS worker, since AS since, json_array_length(task_ids) = 1 AS alone
  FROM leases WHERE token = ?1
) x
WHERE tasks.id IN (${LAPSED_HELD}) AND tasks.${OPEN}
RETURNING ${TOLD}`;

const COUNT_CRASHED = countEndsSql(`id IN (${LAPSED_HELD})`);
const NOTIFY_CRASHED = notifyEndsSql(`id IN (${LAPSED_HELD})`);

interface Broken {
  lapsed: number;
  /** The tasks they held. */
  crashed: ToldRow[];
}

async function breakLapsedLeases(db: D1Database, now: number): Promise<Broken> {
  const { results } = await db
    .prepare(`SELECT token FROM leases WHERE expires_at <= ?1 LIMIT ${LEASES_PER_RUN}`)
    .bind(now)
    .all<{ token: string }>();
  const broken: Broken = { lapsed: 0, crashed: [] };
  for (const { token } of results) {
    try {
      const results = await db.batch<ToldRow>([
        db.prepare(SUSPECT).bind(token, now),
        db.prepare(COUNT_CRASHED).bind(token, now),
        db.prepare(NOTIFY_CRASHED).bind(token, now),
        db.prepare("DELETE FROM leases WHERE token = ?1 AND expires_at <= ?2").bind(token, now),
      ]);
      broken.lapsed += results.at(-1)?.meta.changes ?? 0;
      broken.crashed.push(...(results[0]?.results ?? []));
    } catch (error) {
      log.error("recovery.break_failed", { token, message: String(error) });
    }
  }
  return broken;
}

/** What is to leave D1 next: ended tasks, the oldest day first. */
import type { Kind } from "../archive/keys";
import { dayOf } from "../archive/keys";
import { sql } from "../db/sql";
import { firstIdAt, timeOf } from "../lib/ids";
import { OPEN } from "../tasks/model/states";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** What a full database gives up of a day that is not over must be worth an object. */
const MIN_EARLY = 5000;

/** Ended tasks of a day, their ids from `from` up to `before`. */
export interface Due {
  day: string;
  from: string;
  before: string;
}

export interface Limits {
  /** Tasks accepted earlier go; in milliseconds. 0: none goes. */
  historyMs: number;
  /** Beyond so many bytes of D1 younger ones go, too. */
  maxBytes: number;
}

/**
 * SQL: the row `t` may leave. An order must stay while another task of its id is open: that task
 * would not find it in D1, and may have asked the registry before this order was confirmed there.
 */
export const MAY_LEAVE = `t.status IN ('SUCCESS','FAILURE','REVOKED') AND NOT (
  t.status = 'SUCCESS' AND t.subject IS NOT NULL AND EXISTS (
    SELECT 1 FROM tasks x INDEXED BY tasks_subject
    WHERE x.subject = t.subject AND x.${OPEN}))` as const;

const FIRST = sql(`
SELECT t.id FROM tasks t WHERE t.id >= :from AND t.id < :before AND ${MAY_LEAVE}
ORDER BY t.id LIMIT 1`);
const SIZE = sql("SELECT 1");
const MANY = sql(`
SELECT count(*) AS n FROM (SELECT 1 FROM tasks t
  WHERE t.id >= :from AND t.id < :before AND ${MAY_LEAVE} LIMIT ${MIN_EARLY})`);
const LATELY = sql(`
SELECT 1 FROM archive_generations WHERE kind = :kind AND day = :day AND proven_at > :since LIMIT 1`);

/**
 * The next day to archive, or what is left of one, from this id on; null when nothing is due. A day of
 * which a generation was made in the last 24 hours waits, so that a row that cannot leave makes one a
 * day at most.
 */
export async function nextDue(
  db: D1Database,
  { historyMs, maxBytes }: Limits,
  now: number,
  after = firstIdAt(0),
): Promise<Due | null> {
  if (historyMs === 0) {
    return null;
  }
  const aged = firstIdAt(startOfDay(now - historyMs));
  for (let from = after; from < aged;) {
    const first = await FIRST.on(db, { from, before: aged }).first<string>("id");
    if (first === null) {
      break;
    }
    const due = restOfDay(first, aged);
    const isBegun = after > firstIdAt(startOfDay(timeOf(first))); // by this very walk
    if (isBegun || !(await wasArchivedLately(db, "tasks", due.day, now))) {
      return due;
    }
    from = due.before;
  }
  return (await bytesOf(db)) > maxBytes ? nextEarly(db, now, after > aged ? after : aged) : null;
}

async function nextEarly(db: D1Database, now: number, from: string): Promise<Due | null> {
  const hourAgo = firstIdAt(now - HOUR_MS);
  const first = await FIRST.on(db, { from, before: hourAgo }).first<string>("id");
  if (first === null) {
    return null;
  }
  const due = restOfDay(first, hourAgo);
  const isWorth = (await MANY.on(db, due).first<number>("n")) === MIN_EARLY;
  return isWorth ? due : null;
}

function restOfDay(first: string, before: string): Due {
  const end = firstIdAt(startOfDay(timeOf(first)) + DAY_MS);
  return { day: dayOf(timeOf(first)), from: first, before: end < before ? end : before };
}

async function wasArchivedLately(
  db: D1Database,
  kind: Kind,
  day: string,
  now: number,
): Promise<boolean> {
  return (await LATELY.on(db, { kind, day, since: now - DAY_MS }).first()) !== null;
}

async function bytesOf(db: D1Database): Promise<number> {
  return (await SIZE.on(db).run()).meta.size_after;
}

function startOfDay(ms: number): number {
  return ms - (ms % DAY_MS);
}

const NEXT = sql(`
SELECT t.id, octet_length(t.input) + coalesce(octet_length(t.result), 0) +
  coalesce(octet_length(t.timeline), 0) + coalesce(octet_length(t.error_traceback), 0) +
  coalesce(octet_length(t.checkpoint), 0) + coalesce(octet_length(t.finished_steps), 0) AS bytes
FROM tasks t WHERE t.id >= :from AND t.id < :before AND ${MAY_LEAVE} ORDER BY t.id LIMIT :most`);

/** The first of what is due, with the sizes of their long fields. */
export async function nextEnded(
  db: D1Database,
  due: Due,
  most: number,
): Promise<{ id: string; bytes: number }[]> {
  const { from, before } = due;
  return (await NEXT.on(db, { from, before, most }).all<{ id: string; bytes: number }>()).results;
}

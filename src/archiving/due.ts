/** Ended tasks leave D1, those of the oldest day first. */
import type { Kind } from "../archive/keys";
import { dayOf } from "../archive/keys";
import { sql } from "../db/sql";
import { firstIdAt, timeOf } from "../lib/ids";
import { OPEN } from "../tasks/model/states";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/**
 * A full database gives up what it has of a day that is not over only if that is worth an object.
 */
const MIN_EARLY = 5000;

/** Due is the ended tasks of a day with ids from `from` up to `before`. */
export interface Due {
  day: string;
  from: string;
  before: string;
}

export interface Limits {
  /** The age in milliseconds from which tasks go; 0 if none goes by its age. */
  historyMs: number;
  /** The size of D1 in bytes beyond which younger tasks go, too. */
  maxBytes: number;
}

/**
 * This SQL tells whether the row `t` may leave. An order must stay while another task of its id is
 * open. That task would not find the order in D1, and may have asked the registry before the order
 * was confirmed there.
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
 * Returns the next day to archive, or what is left of one, from the id `after` on; null when
 * nothing is due. A day of which a generation was made in the last 24 hours waits, so that a row
 * which cannot leave makes one generation a day at most.
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
    // The day was begun by this very walk.
    const isBegun = after > firstIdAt(startOfDay(timeOf(first)));
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

/** Returns the first tasks of what is due, with the sizes of their long fields in bytes. */
export async function nextEnded(
  db: D1Database,
  due: Due,
  most: number,
): Promise<{ id: string; bytes: number }[]> {
  const { from, before } = due;
  return (await NEXT.on(db, { from, before, most }).all<{ id: string; bytes: number }>()).results;
}

/** What the counts say. Every question reads a few rows of `task_counts`, however many tasks. */
import { type Counter, COUNTERS, DURATION_EDGES_MS, SPANS } from "./counts";
import { LEASED } from "./leases";
import { getTasks, type TaskView } from "./queries";
import { OPEN, type Status, TRACKED } from "./states";

export type Counts = Record<Counter, number>;

/** The counts of one task name. */
export interface NamedCounts {
  name: string;
  module: string;
  counts: Counts;
}

const SUMS = COUNTERS.map((counter) => `sum(${counter}) AS ${counter}`).join(", ");

type Row = Counts & { name: string; module: string };

/** By task name, of the days that began at or after `from` (Unix milliseconds); all, if 0. */
export async function countsByName(
  db: D1Database,
  from: number,
  module?: string,
): Promise<NamedCounts[]> {
  const { results } = await db
    .prepare(
      `SELECT name, module, ${SUMS} FROM task_counts
       WHERE span IN (${Object.values(SPANS).join(", ")}) AND bucket >= ?1
         AND (?2 IS NULL OR module = ?2)
       GROUP BY module, name ORDER BY module, name`,
    )
    .bind(from, module ?? null)
    .all<Row>();
  return results.map(({ name, module, ...counts }) => ({ name, module, counts }));
}

/** Of all task names together: half the rows of countsByName, which groups them. */
export async function countsOfAll(db: D1Database, module?: string): Promise<Counts> {
  const sums = await db
    .prepare(`SELECT ${SUMS} FROM task_counts
       WHERE span IN (${Object.values(SPANS).join(", ")}) AND (?1 IS NULL OR module = ?1)`)
    .bind(module ?? null)
    .first<Record<Counter, number | null>>();
  return total(sums ? [{ counts: sums as Counts }] : []);
}

/** Added up. */
export function total(all: readonly { counts: Counts }[]): Counts {
  const sums = Object.fromEntries<number>(COUNTERS.map((counter) => [counter, 0])) as Counts;
  for (const { counts } of all) {
    for (const counter of COUNTERS) {
      sums[counter] = (sums[counter] ?? 0) + (counts[counter] ?? 0);
    }
  }
  return sums;
}

/**
 * How many are in a state now, by counts of all time. By those of some days: how many ended in them,
 * less those run again, which may have ended before: never less than none.
 */
export function endsOf(counts: Counts): { success: number; failure: number; revoked: number } {
  const { success, failure, unfailed, revoked, unrevoked } = counts;
  return {
    success,
    failure: Math.max(0, failure - unfailed),
    revoked: Math.max(0, revoked - unrevoked),
  };
}

/** How many have not ended, by counts of all time. */
export function openOf(counts: Counts): number {
  const { success, failure, revoked } = endsOf(counts);
  return counts.created - success - failure - revoked;
}

/** Mean seconds from first start to success; null without any. */
export function meanSeconds({ success, duration_ms }: Counts): number | null {
  return success === 0 ? null : duration_ms / success / 1000;
}

/**
 * The seconds in which a share of the successes ended, by the histogram: exact at its edges, linear
 * between them. Null without any; the last edge for what took longer.
 */
export function quantileSeconds(counts: Counts, share: number): number | null {
  const { success } = counts;
  if (success === 0) {
    return null;
  }
  const wanted = share * success;
  let [below, lower] = [0, 0];
  for (const [k, edge] of DURATION_EDGES_MS.entries()) {
    const within = counts[`d${k}`] ?? 0;
    if (within >= wanted) {
      const part = within === below ? 1 : (wanted - below) / (within - below);
      return (lower + part * (edge - lower)) / 1000;
    }
    [below, lower] = [within, edge];
  }
  return lower / 1000;
}

/** Events of a stretch of time. */
export interface Bucket {
  /** Unix milliseconds. */
  at: number;
  counts: Counts;
}

/** Stretches of `spanMs` from `from` on, in order; those without events are left out. */
export async function countsOverTime(
  db: D1Database,
  { spanMs, from, module }: { spanMs: number; from: number; module?: string },
): Promise<Bucket[]> {
  const { results } = await db
    .prepare(
      `SELECT bucket - bucket % ?1 AS at, ${SUMS} FROM task_counts
       WHERE span IN (${SPANS.minute}, ${SPANS.hour}, ${SPANS.day}) AND span <= ?1 AND bucket >= ?2
         AND (?3 IS NULL OR module = ?3)
       GROUP BY 1 ORDER BY 1`,
    )
    .bind(spanMs, from, module ?? null)
    .all<Counts & { at: number }>();
  return results.map(({ at, ...counts }) => ({ at, counts }));
}

/** Midnight (UTC) `days` ago: a day counts whole. */
export function daysAgo(days: number, now: number): number {
  return now - (now % SPANS.day) - days * SPANS.day;
}

const MAX_COUNTED = 1000;

/** States of what has not ended; what waits for another attempt, or runs elsewhere, to 1,000. */
export async function openStates(
  db: D1Database,
  open: number,
): Promise<Pick<Record<Status, number>, "PENDING" | "STARTED" | "PROGRESS" | "RETRY">> {
  const [running, waiting] = await db.batch<{ n: number; told: number }>([
    db.prepare(
      `SELECT count(*) AS n, count(progress) AS told FROM tasks WHERE ${OPEN} AND id IN (
         ${LEASED} UNION ALL SELECT id FROM (SELECT id FROM tasks INDEXED BY tasks_open
           WHERE queue = '${TRACKED}' AND ${OPEN} LIMIT ${MAX_COUNTED}))`,
    ),
    db.prepare(
      `SELECT count(*) FILTER (WHERE status = 'RETRY' AND id NOT IN (${LEASED})) AS n, 0 AS told
       FROM (SELECT id, status FROM tasks INDEXED BY tasks_open
         WHERE ${OPEN} AND queue <> '${TRACKED}' LIMIT ${MAX_COUNTED})`,
    ),
  ]);
  const { n: runs = 0, told = 0 } = running?.results[0] ?? {};
  const retry = waiting?.results[0]?.n ?? 0;
  return {
    PENDING: Math.max(0, open - runs - retry),
    STARTED: runs - told,
    PROGRESS: told,
    RETRY: retry,
  };
}

/** The latest failures of a module, or of all; looks at the latest 1,000 at most. */
export async function recentFailures(
  db: D1Database,
  limit: number,
  module?: string,
): Promise<TaskView[]> {
  const { results } = await db
    .prepare(
      `SELECT id FROM (
         SELECT id, status, module FROM tasks INDEXED BY tasks_failed
         WHERE status IN ('FAILURE','REVOKED') ORDER BY id DESC LIMIT ${MAX_COUNTED})
       WHERE status = 'FAILURE' AND (?2 IS NULL OR module = ?2) LIMIT ?1`,
    )
    .bind(limit, module ?? null)
    .all<{ id: string }>();
  return getTasks(
    db,
    results.map(({ id }) => id),
  );
}

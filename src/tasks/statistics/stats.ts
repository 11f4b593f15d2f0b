/**
 * Every question about statistics reads a few rows of `task_counts`, however many tasks there are.
 */
import { sql } from "../../db/sql";
import { nameMatcher } from "../../lib/fold";
import { type Counter, COUNTERS, DURATION_EDGES_MS, PAST, SPANS } from "../model/counts";

export type Counts = Record<Counter, number>;

/** NamedCounts is the counts of one task name. */
export interface NamedCounts {
  name: string;
  module: string;
  counts: Counts;
}

/** Stretch is what was counted of one task name in one stretch of time. */
export interface Stretch extends NamedCounts {
  /** One of SPANS or PAST. The stretch began `at`, in Unix milliseconds; 0 for ever. */
  span: number;
  at: number;
}

const READ = `SELECT span, bucket AS at, name, module, ${COUNTERS.join(", ")} FROM task_counts`;
const OF_MODULE = "(:module IS NULL OR module = :module)";

const PRESENT = sql(
  `${READ}
   WHERE span IN (${Object.values(SPANS).join(", ")}) AND bucket >= :from AND ${OF_MODULE}`,
  ["from", "module"],
);
const PAST_DAYS = sql(`${READ} WHERE span = ${PAST.day} AND bucket >= :from AND bucket < :before`, [
  "from",
  "before",
]);
const PAST_MONTHS = sql(`${READ} WHERE span = ${PAST.month} AND bucket >= :from`, ["from"]);

/**
 * Reads all counts from `from` on, of a module or of all, for byName and overTime. These add up in
 * code, since SQL would read every row for each question, and once more to sort it.
 */
export async function readCounts(
  db: D1Database,
  { from = 0, module }: { from?: number; module?: string } = {},
): Promise<Stretch[]> {
  return stretchesOf(await PRESENT.on(db, { from, module: module ?? null }).all());
}

/**
 * Reads the counts of all time, and by name those since midnight of a day (`from`), however long ago:
 * the days of its month, and later months whole. `module` is a folded name. One transaction reads
 * all, lest a day be folded in between.
 */
export async function readSince(
  db: D1Database,
  { from, module }: { from: number; module?: string },
): Promise<{ ever: Stretch[]; since: NamedCounts[] }> {
  const monthMs = -PAST.month;
  const nextMonth = Math.ceil(from / monthMs) * monthMs;
  const [present, days, months] = await db.batch([
    PRESENT.on(db, { from: 0, module: null }),
    PAST_DAYS.on(db, { from, before: nextMonth }),
    PAST_MONTHS.on(db, { from: nextMonth }),
  ]);
  const isAsked = nameMatcher(module);
  const of = (found: D1Result | undefined) =>
    stretchesOf(found).filter((stretch) => isAsked(stretch.module));
  const ever = of(present);
  return { ever, since: byName([...ever, ...of(days), ...of(months)], from) };
}

function stretchesOf(found: D1Result | undefined): Stretch[] {
  const rows = (found?.results ?? []) as (Counts & Omit<Stretch, "counts">)[];
  return rows.map(({ span, at, name, module, ...counts }) => ({ span, at, name, module, counts }));
}

/**
 * Adds up counts by task name, of the stretches that began at or after `from` (Unix milliseconds).
 */
export function byName(stretches: readonly Stretch[], from = 0): NamedCounts[] {
  const groups = Map.groupBy(
    stretches.filter(({ at }) => at >= from),
    ({ module, name }) => JSON.stringify([module, name]),
  );
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) =>
      group.slice(0, 1).map(({ name, module }) => ({ name, module, counts: total(group) })),
    );
}

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
 * Returns, from counts of all time, how many tasks are in each final state now. From counts of some
 * days it returns the ends in them less those run again, or 0 if more were run again than ended.
 */
export function endsOf(counts: Counts): { success: number; failure: number; revoked: number } {
  const { success, failure, unfailed, revoked, unrevoked } = counts;
  return {
    success,
    failure: Math.max(0, failure - unfailed),
    revoked: Math.max(0, revoked - unrevoked),
  };
}

/** Returns how many tasks have not ended, from counts of all time. */
export function openOf(counts: Counts): number {
  const { success, failure, revoked } = endsOf(counts);
  return counts.created - success - failure - revoked;
}

/** Returns the mean seconds from first start to success; null without any. */
export function meanSeconds({ success, duration_ms }: Counts): number | null {
  return success === 0 ? null : duration_ms / success / 1000;
}

/**
 * Returns the seconds in which a share of the successes ended, by the histogram: exact at its edges,
 * linear between them. It is null without any, and the last edge for what took longer.
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

/** Bucket is the events of a stretch of time. */
export interface Bucket {
  /** The start of the stretch, in Unix milliseconds. */
  at: number;
  counts: Counts;
}

/** Adds up counts by stretches of `spanMs` from `from` on, in order, without empty ones. */
export function overTime(
  stretches: readonly Stretch[],
  { spanMs, from }: { spanMs: number; from: number },
): Bucket[] {
  const groups = Map.groupBy(
    stretches.filter(({ span, at }) => span > 0 && span <= spanMs && at >= from),
    ({ at }) => at - (at % spanMs),
  );
  return [...groups]
    .map(([at, group]) => ({ at, counts: total(group) }))
    .toSorted((a, b) => a.at - b.at);
}

/** Returns the midnight (UTC) that began the day `days` ago, as days are counted whole. */
export function daysAgo(days: number, now: number): number {
  return now - (now % SPANS.day) - days * SPANS.day;
}

import { MAX_SCANNED } from "../http/paging";
import { type Backlog, listBacklogs } from "./backlog";
import { SPANS } from "./counts";
import type { Engine } from "./engine";
import { LEASED } from "./leases";
import type { TaskView } from "./queries";
import {
  countsByName,
  countsOfAll,
  countsOverTime,
  daysAgo,
  endsOf,
  meanSeconds,
  openOf,
  openStates,
  quantileSeconds,
  recentFailures,
  total,
} from "./stats";
import { OPEN, type Status, STATUSES, TRACKED } from "./states";

export interface ModuleStats {
  /** Accepted in these days. */
  total: number;
  /** Of those that ended in these days as they should, or failed; null when none did. */
  successRate: number | null;
  meanSeconds: number | null;
  p50Seconds: number | null;
  p95Seconds: number | null;
  /** Ends in these days, less those run again; PENDING is what is open now, whatever it does. */
  byStatus: Record<"PENDING" | "SUCCESS" | "FAILURE" | "REVOKED", number>;
  byName: { name: string; total: number; success: number; failure: number }[];
  recentFailures: TaskView[];
}

const FAILURES_SHOWN = 5;

/** Of a module, or of all, in the last days: today and `days` whole ones before it. */
export async function moduleStats(
  db: D1Database,
  { module, days }: { module?: string; days: number },
  now = Date.now(),
): Promise<ModuleStats> {
  const named = await countsByName(db, daysAgo(days, now), module);
  const ever = await countsOfAll(db, module);
  const counts = total(named);
  const { success, failure, revoked } = endsOf(counts);
  return {
    total: counts.created,
    successRate: success + failure > 0 ? success / (success + failure) : null,
    meanSeconds: meanSeconds(counts),
    p50Seconds: quantileSeconds(counts, 0.5),
    p95Seconds: quantileSeconds(counts, 0.95),
    byStatus: { PENDING: openOf(ever), SUCCESS: success, FAILURE: failure, REVOKED: revoked },
    // A name may be used in several modules, of tracked work at least.
    byName: [...Map.groupBy(named, ({ name }) => name)].map(([name, group]) => {
      const of = total(group);
      const ends = endsOf(of);
      return { name, total: of.created, success: ends.success, failure: ends.failure };
    }),
    recentFailures: await recentFailures(db, FAILURES_SHOWN, module),
  };
}

export interface UserStats extends Record<
  "total" | "pending" | "started" | "success" | "failure" | "revoked",
  number
> {
  /** There are more than were counted: the latest 1,000. */
  capped: boolean;
}

/** Of the latest tasks of a user, at most 1,000. */
export async function userStats(db: D1Database, user: string): Promise<UserStats> {
  const { results } = await db
    .prepare(user.startsWith("user:") ? LATEST_OF_PERSON : LATEST_OF_KEY)
    .bind(user)
    .all<{ user: string | null; became: keyof typeof NO_STATS }>();
  const stats = { ...NO_STATS, capped: results.length > MAX_SCANNED };
  for (const { user: whose, became } of results.slice(0, MAX_SCANNED)) {
    if (whose === user) {
      stats.total += 1;
      stats[became] += 1;
    }
  }
  return stats;
}

const NO_STATS = { total: 0, pending: 0, started: 0, success: 0, failure: 0, revoked: 0 };

const latest = (from: string) => `
SELECT user, CASE WHEN NOT ${OPEN} THEN lower(status)
  WHEN queue = '${TRACKED}' OR id IN (${LEASED}) THEN 'started' ELSE 'pending' END AS became
FROM (SELECT id, status, queue, user FROM tasks ${from} ORDER BY id DESC LIMIT ${MAX_SCANNED + 1})`;
const LATEST_OF_PERSON = latest(
  "INDEXED BY tasks_person WHERE substr(user, 1, 5) = 'user:' AND user = ?1",
);
/** A key's are not indexed: of the latest of all. */
const LATEST_OF_KEY = latest("WHERE ?1 IS NOT NULL");

export interface Overview {
  /** All tasks by what they are now. */
  totals: Record<Status, number>;
  queues: Backlog[];
  /** Events of the last whole minutes, per minute. */
  perMinute: { minutes: number; accepted: number; succeeded: number; failed: number };
  tasks: { name: string; module: string; description: string; queue: string; public: boolean }[];
}

const RATE_MINUTES = 5;

/** What the whole system does now. */
export async function overview(env: Env, engine: Engine, now = Date.now()): Promise<Overview> {
  const ever = await countsOfAll(env.DB);
  const { success, failure, revoked } = endsOf(ever);
  const thisMinute = now - (now % SPANS.minute);
  const from = thisMinute - RATE_MINUTES * SPANS.minute;
  const buckets = await countsOverTime(env.DB, { spanMs: SPANS.minute, from });
  const recent = total(buckets.filter(({ at }) => at < thisMinute));
  const perMinute = (count: number) => count / RATE_MINUTES;
  const totals = {
    ...Object.fromEntries(STATUSES.map((status) => [status, 0])),
    ...(await openStates(env.DB, openOf(ever))),
    SUCCESS: success,
    FAILURE: failure,
    REVOKED: revoked,
  } as Record<Status, number>;
  return {
    totals,
    queues: await listBacklogs(env, now),
    perMinute: {
      minutes: RATE_MINUTES,
      accepted: perMinute(recent.created),
      succeeded: perMinute(recent.success),
      failed: perMinute(recent.failure),
    },
    tasks: engine.all().map(({ name, module, description, queue, startedBy }) => ({
      name,
      module,
      description,
      queue,
      public: startedBy !== null,
    })),
  };
}

import { nameMatcher } from "../../lib/fold";
import type { Engine } from "../model/engine";
import { timeOf } from "../../lib/ids";
import type { Lease } from "../model/leases";
import { lookAtOpen, type OpenWork, unseenRun } from "./open-work";
import {
  daysAgo,
  endsOf,
  meanSeconds,
  openOf,
  quantileSeconds,
  readSince,
  type Stretch,
  total,
} from "./stats";
import { runsElsewhere, TRACKED } from "../model/states";
import { type Failure, latestFailures } from "./troubles";
import { leasesWithin } from "./workers";

export interface ModuleStats {
  /** The number of tasks accepted in these days. */
  total: number;
  /** The successes in these days in percent of `total`: 0 without any, and at most 100. */
  successRate: number;
  /** The mean duration of the successes in these days; null without any. */
  meanSeconds: number | null;
  p50Seconds: number | null;
  p95Seconds: number | null;
  /**
   * The ends in these days, less those run again. PENDING and STARTED are tasks accepted in these
   * days and open now: PENDING includes RETRY, and STARTED includes PROGRESS.
   */
  byStatus: Record<"PENDING" | "STARTED" | "SUCCESS" | "FAILURE" | "REVOKED", number>;
  byName: { name: string; total: number; success: number; failure: number }[];
  /** Failures of tasks accepted in these days, the latest first. */
  recentFailures: Failure[];
}

const FAILURES_SHOWN = 5;

/** Tells what a module, or all, did in the last days: today and `days` whole ones before it. */
export async function moduleStats(
  env: Env,
  engine: Engine,
  { module, days }: { module?: string; days: number },
  now = Date.now(),
): Promise<ModuleStats> {
  const from = Math.max(1, daysAgo(days, now)); // What is counted for ever belongs to no day.
  const [{ ever, since }, open, recentFailures] = await Promise.all([
    readSince(env.DB, { from, module }),
    lookAtOpen(env, engine),
    latestFailures(env.DB, { from, module, most: FAILURES_SHOWN }),
  ]);
  const leases = await leasesWithin(env.DB, open.leases, { module });
  const counts = total(since);
  const { success, failure, revoked } = endsOf(counts);
  const seen = seenOf(leases, open, module);
  return {
    total: counts.created,
    successRate: counts.created === 0 ? 0 : Math.min(100, (100 * success) / counts.created),
    meanSeconds: meanSeconds(counts),
    p50Seconds: quantileSeconds(counts, 0.5),
    p95Seconds: quantileSeconds(counts, 0.95),
    byStatus: {
      ...openSince(from, counts.created, engine, ever, seen),
      SUCCESS: success,
      FAILURE: failure,
      REVOKED: revoked,
    },
    // Several modules may have tasks of one name, if these are tracked work.
    byName: [...Map.groupBy(since, ({ name }) => name)].map(([name, group]) => {
      const of = total(group);
      const ends = endsOf(of);
      return { name, total: of.created, success: ends.success, failure: ends.failure };
    }),
    recentFailures,
  };
}

/** Seen is the ids of a module's open tasks, as far as was looked. */
interface Seen {
  held: string[];
  elsewhere: string[];
  waiting: string[];
  /** The number of waiting tasks that wait elsewhere. */
  ahead: number;
  /** Whether the tracked work that was not looked at runs. */
  unseenRun: boolean;
}

function seenOf(leases: readonly Lease[], open: OpenWork, module?: string): Seen {
  const all = [...open.queues.values()].flatMap(({ tasks }) => tasks);
  const isAsked = nameMatcher(module);
  const tasks = all.filter((task) => isAsked(task.module));
  const waiting = tasks.filter((task) => !runsElsewhere(task));
  return {
    held: leases.flatMap(({ taskIds }) => taskIds),
    elsewhere: tasks.filter(runsElsewhere).map(({ id }) => id),
    waiting: waiting.map(({ id }) => id),
    ahead: waiting.filter(({ queue }) => queue === TRACKED).length,
    unseenRun: unseenRun(open),
  };
}

/**
 * Estimates how many tasks accepted since `from` are open. The number of all open tasks is counted;
 * older ones are taken off as far as was looked, and no more are left than were accepted since.
 */
function openSince(
  from: number,
  accepted: number,
  engine: Engine,
  ever: readonly Stretch[],
  seen: Seen,
): { PENDING: number; STARTED: number } {
  const { held, elsewhere, waiting, ahead } = seen;
  const older = (ids: readonly string[]) => ids.filter((id) => timeOf(id) < from).length;
  // No tracked work has the name of a task of this system, so names tell the two apart.
  const tracked = openOf(total(ever.filter(({ name }) => !engine.find(name))));
  const all = openOf(total(ever)) - older([...held, ...elsewhere, ...waiting]);
  const runElsewhere = seen.unseenRun ? tracked - ahead : elsewhere.length;
  const running = held.length - older(held) + runElsewhere - older(elsewhere);
  const open = Math.max(0, Math.min(accepted, all));
  const started = Math.max(0, Math.min(open, running));
  return { PENDING: open - started, STARTED: started };
}

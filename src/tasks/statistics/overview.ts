import { configOf } from "../../config";
import type { Storage } from "../../db/storage";
import { type Backlog, listBacklogs } from "./backlog";
import { SPANS } from "../model/counts";
import type { Engine } from "../model/engine";
import { lookAtOpen, type OpenWork, unseenRun } from "./open-work";
import {
  byName,
  endsOf,
  type NamedCounts,
  openOf,
  overTime,
  readCounts,
  type Stretch,
  total,
} from "./stats";
import { runsElsewhere, type Status, TRACKED } from "../model/states";

export interface Overview {
  /** All tasks by the state they are in now. */
  totals: Record<Status, number>;
  /** Whether some open tasks were not looked at, so that more may be RETRY or PROGRESS. */
  capped: boolean;
  queues: Backlog[];
  storage: Storage;
  /** The events of the last whole minutes, per minute. */
  perMinute: { minutes: number; accepted: number; succeeded: number; failed: number };
  tasks: { name: string; module: string; description: string; queue: string; public: boolean }[];
  /** The counts that the overview was told from. */
  counts: Stretch[];
  open: OpenWork;
}

const RATE_MINUTES = 5;

/** Tells what the whole system does now. */
export async function overview(env: Env, engine: Engine, now = Date.now()): Promise<Overview> {
  const [counts, open] = await Promise.all([readCounts(env.DB), lookAtOpen(env, engine)]);
  const thisMinute = now - (now % SPANS.minute);
  const from = thisMinute - RATE_MINUTES * SPANS.minute;
  const buckets = overTime(counts, { spanMs: SPANS.minute, from });
  const recent = total(buckets.filter(({ at }) => at < thisMinute));
  const perMinute = (count: number) => count / RATE_MINUTES;
  return {
    totals: statesOf(engine, byName(counts), open),
    capped: [...open.queues.values()].some(({ capped }) => capped),
    queues: await listBacklogs(env, open, now),
    storage: { bytes: open.bytes, limit: configOf(env).databaseMaxBytes },
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
    counts,
    open,
  };
}

/**
 * Tells how many tasks are in each state. Ends and open tasks are counted; what the open ones do is
 * known as far as was looked.
 */
function statesOf(engine: Engine, ever: NamedCounts[], open: OpenWork): Record<Status, number> {
  const { leases, told, queues } = open;
  const { success, failure, revoked } = endsOf(total(ever));
  const held = leases.reduce((sum, { taskIds }) => sum + taskIds.length, 0);
  const { tasks, capped } = queues.get(TRACKED) ?? { tasks: [], capped: false };
  const tracked = tasks.filter(runsElsewhere);
  // No tracked work has the name of a task of this system, so names tell the two apart.
  const elsewhere = ever.filter(({ name }) => !engine.find(name));
  const unseen = capped && unseenRun(open) ? openOf(total(elsewhere)) - tasks.length : 0;
  const running = held + tracked.length + Math.max(0, unseen);
  const inProgress = told + tracked.filter(({ progress }) => progress !== null).length;
  const retry = [...queues]
    .flatMap(([queue, { tasks }]) => (queue === TRACKED ? [] : tasks))
    .filter(({ status }) => status === "RETRY").length;
  return {
    PENDING: Math.max(0, openOf(total(ever)) - running - retry),
    STARTED: running - inProgress,
    PROGRESS: inProgress,
    RETRY: retry,
    SUCCESS: success,
    FAILURE: failure,
    REVOKED: revoked,
  };
}

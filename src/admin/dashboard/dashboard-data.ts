/** This file reads everything that the dashboard shows, at once. */
import { catalogueStatus } from "../../orders/catalogue/catalogue";
import { registryStorage } from "../../orders/pipeline/registry";
import { SPANS } from "../../tasks/model/counts";
import type { Engine } from "../../tasks/model/engine";
import { overview, type Overview } from "../../tasks/statistics/overview";
import {
  byName,
  type Counts,
  daysAgo,
  endsOf,
  type NamedCounts,
  total,
} from "../../tasks/statistics/stats";
import type { TaskView } from "../../tasks/model/queries";
import { type ErrorCount, lookAtFailures, troublesOf } from "../../tasks/statistics/troubles";
import { type Worker, workersOf } from "../../tasks/statistics/workers";
import { DEAD_LETTER, type QueueView, viewQueues } from "../queues/read-queues";
import { WORKER_TASKS_SHOWN } from "../queues/worker-table";
import { type Finding, findings } from "./health";
import { type History, historyOf, type RangeName } from "./time-range";

export const FAILURES_SHOWN = 8;
/** LATELY_MS and NORMAL_DAYS say what "lately" and "normal" mean when failures are judged. */
const LATELY_MS = 15 * SPANS.minute;
const NORMAL_DAYS = 7;

export interface ModuleSummary {
  module: string;
  counts: Counts;
}

export interface Dashboard {
  now: number;
  overview: Overview;
  history: History;
  queues: QueueView[];
  workers: Worker[];
  errors: ErrorCount[];
  latestFailures: TaskView[];
  /** `modules` sums up each module's last days. */
  modules: ModuleSummary[];
  findings: Finding[];
}

export async function readDashboard(
  env: Env,
  engine: Engine,
  range: RangeName,
  now = Date.now(),
): Promise<Dashboard> {
  const thisMinute = now - (now % SPANS.minute);
  const [all, failures, catalogue, registry] = await Promise.all([
    overview(env, engine, now),
    lookAtFailures(env.DB, { shown: FAILURES_SHOWN }),
    catalogueStatus(env),
    registryStorage(env),
  ]);
  const { counts, open } = all;
  const { errors } = failures;
  const workers = await workersOf(env.DB, open.leases, WORKER_TASKS_SHOWN);
  const days = byName(counts, daysAgo(NORMAL_DAYS, now));
  const queues = viewQueues(engine, { backlogs: all.queues, workers, counts, now });
  const recent = total(byName(counts, thisMinute - LATELY_MS));
  const ever = total(days);
  return {
    now,
    overview: all,
    history: historyOf(counts, range, now),
    queues,
    workers,
    errors,
    latestFailures: failures.latest,
    modules: byModule(engine, days),
    findings: findings({
      now,
      queues,
      workers,
      lately: recent,
      before: {
        success: ever.success - recent.success,
        failure: ever.failure - recent.failure,
      },
      deadLetters: errors.find(({ code }) => code === DEAD_LETTER)?.undiscarded ?? 0,
      open: troublesOf(open),
      storage: all.storage,
      registry,
      catalogue,
    }),
  };
}

function byModule(engine: Engine, named: readonly NamedCounts[]): ModuleSummary[] {
  const known = new Set([...engine.all(), ...named].map(({ module }) => module));
  return [...known]
    .toSorted()
    .map((module) => ({ module, counts: total(named.filter((of) => of.module === module)) }));
}

/**
 * Returns the share of successes among successes and failures; null when there is neither. The
 * API's rate has all tasks as its base, so the two may differ.
 */
export function shareEndedWell(counts: Counts): number | null {
  const { success, failure } = endsOf(counts);
  return success + failure > 0 ? success / (success + failure) : null;
}

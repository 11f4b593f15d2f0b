/** Everything the dashboard says, read at once. */
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
  readCounts,
  total,
} from "../../tasks/statistics/stats";
import type { TaskView } from "../../tasks/model/queries";
import { lookAtOpen } from "../../tasks/statistics/open-work";
import { type ErrorCount, lookAtFailures, troublesOf } from "../../tasks/statistics/troubles";
import { type Worker, workersOf } from "../../tasks/statistics/workers";
import { WORKER_TASKS_SHOWN } from "./worker-table";
import { type Finding, findings, type QueueState, stateOfQueue } from "../shared/health";
import { type Backlog, listBacklogs } from "../../tasks/statistics/backlog";
import { type History, historyOf, type RangeName } from "../shared/time-range";

export const FAILURES_SHOWN = 8;
/** What "lately" and "normal" are when failures are judged. */
const LATELY_MS = 15 * SPANS.minute;
const NORMAL_DAYS = 7;
/** How long ago a task may have ended that still tells of somebody at work. */
const JUST_NOW_MS = 2 * SPANS.minute;

/** A queue with its state in a word, and those that run its tasks. */
export interface QueueView {
  backlog: Backlog;
  state: QueueState;
  workers: Worker[];
}

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
  /** Of the last days. */
  modules: ModuleSummary[];
  findings: Finding[];
}

export const DEAD_LETTER = "dead_letter";

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
  const justNow = byName(counts, thisMinute - JUST_NOW_MS);
  const queues = viewQueues(all.queues, workers, lanesThatEnded(engine, justNow), now);
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

/** Every queue, for the page that is about them alone. */
export async function readQueues(env: Env, engine: Engine, now = Date.now()): Promise<QueueView[]> {
  const from = now - (now % SPANS.minute) - JUST_NOW_MS;
  const [open, counts] = await Promise.all([lookAtOpen(env, engine), readCounts(env.DB, { from })]);
  const [backlogs, workers] = await Promise.all([
    listBacklogs(env, open, now),
    workersOf(env.DB, open.leases, WORKER_TASKS_SHOWN),
  ]);
  return viewQueues(backlogs, workers, lanesThatEnded(engine, byName(counts, from)), now);
}

function viewQueues(
  backlogs: readonly Backlog[],
  workers: readonly Worker[],
  ended: ReadonlySet<string>,
  now: number,
): QueueView[] {
  return backlogs.map((backlog) => {
    const own = workers.filter(({ queue }) => queue === backlog.queue);
    const atWork = {
      now: own.some(({ expiresAt }) => expiresAt > now),
      lately: ended.has(backlog.queue),
    };
    return { backlog, state: stateOfQueue(backlog, atWork), workers: own };
  });
}

function lanesThatEnded(engine: Engine, named: readonly NamedCounts[]): Set<string> {
  return new Set(
    named.flatMap(({ name, counts }) => {
      const lane = engine.find(name)?.queue;
      return lane !== undefined && counts.success + counts.failure > 0 ? [lane] : [];
    }),
  );
}

function byModule(engine: Engine, named: readonly NamedCounts[]): ModuleSummary[] {
  const known = new Set([...engine.all(), ...named].map(({ module }) => module));
  return [...known]
    .toSorted()
    .map((module) => ({ module, counts: total(named.filter((of) => of.module === module)) }));
}

/** Of those that ended, the share that ended well; null when none has. The API's rate is of all. */
export function shareEndedWell(counts: Counts): number | null {
  const { success, failure } = endsOf(counts);
  return success + failure > 0 ? success / (success + failure) : null;
}

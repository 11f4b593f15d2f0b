import { SPANS } from "../../tasks/model/counts";
import type { Engine } from "../../tasks/model/engine";
import { type Backlog, listBacklogs } from "../../tasks/statistics/backlog";
import { lookAtOpen } from "../../tasks/statistics/open-work";
import { byName, type NamedCounts, readCounts, type Stretch } from "../../tasks/statistics/stats";
import { type Worker, workersOf } from "../../tasks/statistics/workers";
import { type QueueState, stateOfQueue } from "./queue-state";
import { WORKER_TASKS_SHOWN } from "./worker-table";

/** A task that ended within this time shows that somebody was just at work. */
const JUST_NOW_MS = 2 * SPANS.minute;

/** DEAD_LETTER is the error code of a message that belongs to no task. */
export const DEAD_LETTER = "dead_letter";

/** A QueueView is a queue with its state in a word and the consumers of its tasks. */
export interface QueueView {
  backlog: Backlog;
  state: QueueState;
  workers: Worker[];
}

/** Reads every queue, for the page that shows nothing else. */
export async function readQueues(env: Env, engine: Engine, now = Date.now()): Promise<QueueView[]> {
  const from = justBefore(now);
  const [open, counts] = await Promise.all([lookAtOpen(env, engine), readCounts(env.DB, { from })]);
  const [backlogs, workers] = await Promise.all([
    listBacklogs(env, open, now),
    workersOf(env.DB, open.leases, WORKER_TASKS_SHOWN),
  ]);
  return viewQueues(engine, { backlogs, workers, counts, now });
}

interface Read {
  backlogs: readonly Backlog[];
  workers: readonly Worker[];
  /** `counts` covers the last minutes, or more. */
  counts: readonly Stretch[];
  now: number;
}

export function viewQueues(engine: Engine, { backlogs, workers, counts, now }: Read): QueueView[] {
  const ended = queuesThatEnded(engine, byName(counts, justBefore(now)));
  return backlogs.map((backlog) => {
    const own = workers.filter(({ queue }) => queue === backlog.queue);
    const atWork = {
      now: own.some(({ expiresAt }) => expiresAt > now),
      lately: ended.has(backlog.queue),
    };
    return { backlog, state: stateOfQueue(backlog, atWork), workers: own };
  });
}

function justBefore(now: number): number {
  return now - (now % SPANS.minute) - JUST_NOW_MS;
}

function queuesThatEnded(engine: Engine, named: readonly NamedCounts[]): Set<string> {
  return new Set(
    named.flatMap(({ name, counts }) => {
      const queue = engine.find(name)?.queue;
      return queue !== undefined && counts.success + counts.failure > 0 ? [queue] : [];
    }),
  );
}

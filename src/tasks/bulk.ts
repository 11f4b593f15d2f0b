/**
 * One action on everything that matches a filter: itself a task, with progress, counts, cancel and
 * a crash-proof place to go on from. It looks only at tasks accepted before it was.
 */
import type { Key } from "../http/paging";
import { MAX_SCANNED } from "../http/paging";
import { cancelTasks, retryTasks } from "./actions";
import type { SingleTask } from "./define";
import type { Engine } from "./engine";
import { listTaskIds, type TaskFilter } from "./list";
import type { RunningTask } from "./running-task";

export const ACTIONS = { cancel: cancelTasks, retry: retryTasks } as const;

export interface BulkInput {
  action: keyof typeof ACTIONS;
  filter: TaskFilter;
}

/** Where a slice ended. */
interface Place {
  after: Key | null;
  seen: number;
  done: number;
}

const SLICE_MS = 30_000;

/** `engineOf` because the engine that runs this task also holds it. */
export function bulkTask(engineOf: () => Engine): SingleTask<BulkInput> {
  return {
    name: "system.bulk",
    module: "system",
    description: "Cancela o reintenta todas las tareas de un filtro",
    queue: "tasks",
    parse: (input) => input as BulkInput,
    retry: () => ({ attempts: 5, baseMs: 5000, maxMs: 60_000 }),
    deferral: { baseMs: 5000, maxMs: 60_000 },
    timeoutMs: 5 * 60_000,
    startedBy: null,
    run: async (task, { env, signal }) => {
      const filter = { ...task.input.filter, before: lowest(task.input.filter.before, task.createdAt) };
      const total = await task.step("count", () => count(env.DB, filter));
      let place = (task.checkpoint as Place | null) ?? { after: null, seen: 0, done: 0 };
      const sliceEnd = Date.now() + SLICE_MS;
      for (;;) {
        signal.throwIfAborted();
        const page = await pageAfter(env.DB, filter, place.after);
        const by = task.user ?? "system";
        const done = await ACTIONS[task.input.action](env, engineOf(), page.rows, by);
        const seen = place.seen + page.rows.length;
        place = { after: page.next, seen, done: place.done + done.length };
        await tell(task, place, total);
        if (page.next === null) {
          return { kind: "done", result: { matched: place.seen, [pastOf(task)]: place.done } };
        }
        if (Date.now() >= sliceEnd) {
          return { kind: "continue", checkpoint: place };
        }
      }
    },
  };
}

async function count(db: D1Database, filter: TaskFilter): Promise<number> {
  let total = 0;
  let after: Key | null = null;
  do {
    const page: Awaited<ReturnType<typeof pageAfter>> = await pageAfter(db, filter, after);
    total += page.rows.length;
    after = page.next;
  } while (after !== null);
  return total;
}

function pageAfter(db: D1Database, filter: TaskFilter, after: Key | null) {
  const total = { count: 0, capped: true };
  const cursor = after && { direction: "next" as const, key: after, total };
  return listTaskIds(db, filter, { limit: MAX_SCANNED, cursor });
}

function tell(task: RunningTask<BulkInput>, place: Place, total: number): Promise<void> {
  const percent = total === 0 ? 100 : (place.seen / total) * 100;
  return task.progress(percent, `${place.done} / ${total}`, total);
}

function pastOf(task: RunningTask<BulkInput>): string {
  return task.input.action === "cancel" ? "cancelled" : "retried";
}

function lowest(before: number | undefined, now: number): number {
  return Math.min(before ?? now, now);
}

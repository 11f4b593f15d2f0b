/**
 * One action on everything that matches a filter: itself a task, with progress, counts, cancel and
 * a crash-proof place to go on from. It looks only at tasks accepted before it was.
 */
import { z } from "zod";
import { type Key, MAX_SCANNED, type Page } from "../http/paging";
import { type Action, ACTIONS, countDoable } from "./actions";
import type { SingleTask } from "./define";
import type { Engine } from "./engine";
import { TaskFilterInput } from "./filter";
import type { TaskFilter } from "./list";
import { countTasks, nextTaskIds } from "./walk";

export interface BulkInput {
  action: Action;
  filter: TaskFilter;
  /** Of a discard. */
  reason?: string;
}

/** Where a slice ended. */
interface Place {
  after: Key | null;
  seen: number;
  done: number;
}

const SLICE_MS = 30_000;

const Input: z.ZodType<BulkInput> = z.strictObject({
  action: z.enum(["cancel", "retry", "discard"]),
  filter: TaskFilterInput,
  reason: z.string().optional(),
});

export const bulk: SingleTask<BulkInput> = {
  name: "system.bulk",
  module: "system",
  description: "Cancela, reintenta o descarta todas las tareas de un filtro",
  queue: "tasks",
  input: Input,
  retry: () => ({ attempts: 5, baseMs: 5000, maxMs: 60_000 }),
  deferral: { baseMs: 5000, maxMs: 60_000 },
  timeoutMs: 5 * 60_000,
  startedBy: null,
  run: async (task, { env, engine, signal }) => {
    const { action, filter: asked, reason } = task.input;
    const filter = toWorkOn(action, asked);
    // Nothing accepted after this task was.
    filter.before = Math.min(asked.before ?? task.createdAt, task.createdAt);
    const actor = { by: task.user ?? "system", reason };
    const total = (await task.step("count", () => countTasks(env.DB, filter, Infinity))) ?? 0;
    let place = (task.checkpoint as Place | null) ?? { after: null, seen: 0, done: 0 };
    const sliceEnd = Date.now() + SLICE_MS;
    for (;;) {
      signal.throwIfAborted();
      const page = await nextTaskIds(env.DB, filter, place.after);
      const done = await ACTIONS[action](env, engine, page.rows, actor);
      const seen = place.seen + page.rows.length;
      place = { after: page.next, seen, done: place.done + done.length };
      await task.progress(total === 0 ? 100 : (seen / total) * 100, `${seen} / ${total}`, total);
      if (page.next === null) {
        return { kind: "done", result: { matched: seen, done: place.done } };
      }
      if (Date.now() >= sliceEnd) {
        return { kind: "continue", checkpoint: place };
      }
    }
  },
};

/**
 * What a cancel may end, a retry run again, and a discard give up on, unless the filter says
 * otherwise. Of hand-picked tasks each action takes those it can be done to; a retry leaves out
 * what a person gave up on.
 */
function toWorkOn(action: Action, asked: TaskFilter): TaskFilter {
  const state = asked.ids === undefined && { status: action === "cancel" ? "OPEN" : "FAILURE" };
  const discarded = action !== "cancel" && { discarded: false };
  const set = Object.entries(asked).filter(([, value]) => value !== undefined);
  return { ...state, ...discarded, ...Object.fromEntries(set) } as TaskFilter;
}

const MAX_LOOKS = 10;

/**
 * To how many tasks a bulk action would be done now: exact to 1,000. Looks at no more than 10,000
 * tasks; `capped` says that there may be more than it found.
 */
export async function countBulk(
  env: Env,
  engine: Engine,
  action: Action,
  asked: TaskFilter,
): Promise<{ count: number; capped: boolean }> {
  const filter = toWorkOn(action, asked);
  let found = 0;
  let after: Key | null = null;
  for (let look = 0; look < MAX_LOOKS && found < MAX_SCANNED; look += 1) {
    const page: Page<string> = await nextTaskIds(env.DB, filter, after);
    found += await countDoable(env, engine, action, page.rows);
    after = page.next;
    if (after === null) {
      return { count: Math.min(found, MAX_SCANNED), capped: found > MAX_SCANNED };
    }
  }
  return { count: Math.min(found, MAX_SCANNED), capped: true };
}

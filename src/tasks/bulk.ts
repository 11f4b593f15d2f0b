/**
 * One action on everything that matches a filter: itself a task, with progress, counts, cancel and
 * a crash-proof place to go on from. It looks only at tasks accepted before it was.
 */
import { z } from "zod";
import type { Key } from "../http/paging";
import { MAX_SCANNED } from "../http/paging";
import { type Action, ACTIONS } from "./actions";
import type { SingleTask } from "./define";
import { listTaskIds, type TaskFilter } from "./list";
import { STATUSES } from "./states";

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

const text = z.string().optional();
const Input: z.ZodType<BulkInput> = z.strictObject({
  action: z.enum(["cancel", "retry", "discard"]),
  filter: z.strictObject({
    lote: text,
    status: z.enum([...STATUSES, "OPEN"]).optional(),
    subject: text,
    user: text,
    module: text,
    name: text,
    worker: text,
    from: z.number().optional(),
    before: z.number().optional(),
    search: text,
    discarded: z.boolean().optional(),
  }),
  reason: text,
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
    const filter = { ...defaults(action), ...asked };
    // Nothing accepted after this task was.
    filter.before = Math.min(asked.before ?? task.createdAt, task.createdAt);
    const actor = { by: task.user ?? "system", reason };
    const total = await task.step("count", () => count(env.DB, filter));
    let place = (task.checkpoint as Place | null) ?? { after: null, seen: 0, done: 0 };
    const sliceEnd = Date.now() + SLICE_MS;
    for (;;) {
      signal.throwIfAborted();
      const page = await pageAfter(env.DB, filter, place.after);
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

/** What a cancel may end, a retry run again, and a discard give up on. */
function defaults(action: Action): TaskFilter {
  return action === "cancel" ? { status: "OPEN" } : { status: "FAILURE", discarded: false };
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

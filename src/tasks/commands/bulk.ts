/**
 * A bulk action does one action to everything in a filter. It is itself a task, with progress, counts,
 * cancel and a checkpoint to go on from after a crash. It takes only tasks accepted before itself.
 */
import { z } from "zod";
import type { PageKey } from "../../http/paging";
import { ACTIONS } from "./actions";
import { type Action, doable } from "./doable";
import { type BulkPlace, placeAfter } from "./bulk-turn";
import type { SingleTask } from "../model/define";
import type { Engine } from "../model/engine";
import { TaskFilterInput } from "../reading/filter";
import { countTasks } from "../reading/list";
import type { TaskFilter } from "../reading/task-filter";
import { canUndo, UNDONE_AT_ONCE } from "../running/revoke";
import { Slice } from "../running/slice";
import { countInSteps, nextTaskIds, passedBy } from "../reading/walk";

export interface BulkInput {
  action: Action;
  filter: TaskFilter;
  /** The reason, which only a discard has. */
  reason?: string;
}

/** Only this many steps of 1,000 tasks are counted first, as counting reads as much as acting. */
const COUNT_STEPS = 10;
const START: BulkPlace = { page: 0, after: null, seen: 0, done: 0 };

const Input: z.ZodType<BulkInput> = z.strictObject({
  action: z.enum(["cancel", "retry", "discard"]),
  filter: TaskFilterInput,
  reason: z.string().optional(),
});

export const bulk: SingleTask<BulkInput> = {
  kind: "single",
  name: "system.bulk",
  module: "system",
  description: "Cancela, reintenta o descarta todas las tareas de un filtro",
  queue: "tasks",
  input: Input,
  retry: () => ({ attempts: 5, baseMs: 5000, maxMs: 60_000 }),
  deferral: { baseMs: 5000, maxMs: 60_000 },
  timeoutMs: 5 * 60_000,
  startedBy: null,
  run: async (task, { env, engine, clock, signal }) => {
    const { action, filter: asked, reason } = task.input;
    const filter = toWorkOn(action, asked);
    // Tasks accepted after this one are not acted on.
    const before = Math.min(asked.before ?? task.createdAt, task.createdAt);
    filter.before = before;
    const actor = { by: task.user ?? "system", reason };
    const total = await task.step("count", () => countInSteps(env.DB, filter, COUNT_STEPS));
    const passed = await passedBy(env.DB, { ...filter, before });
    let place: BulkPlace = { ...START, ...(task.checkpoint as Partial<BulkPlace> | null) };
    const slice = new Slice(clock);
    while (place.page === 0 || place.after !== null) {
      if (slice.isOver) {
        return { kind: "continue", checkpoint: place };
      }
      signal.throwIfAborted();
      const { rows, next } = await nextTaskIds(env.DB, filter, place.after);
      const { id, lease } = task;
      const seen = place.seen + rows.length;
      const turn = { task: id, lease, page: place.page, after: next, seen };
      const changed = await ACTIONS[action](env, engine, rows, actor, turn);
      const undone = changed.filter(({ name }) => canUndo(engine.find(name))).length;
      slice.turn(1 + (action === "cancel" ? Math.ceil(undone / UNDONE_AT_ONCE) : 0));
      place = await placeAfter(env.DB, turn);
      await (total === null
        ? task.progress(passed(next), `${seen} / ?`)
        : task.progress((seen / Math.max(1, total)) * 100, `${seen} / ${total}`, total));
    }
    return { kind: "done", result: { matched: place.seen, done: place.done } };
  },
};

/**
 * Narrows a filter to what the action is for, unless the filter says otherwise: a cancel takes open
 * tasks, a retry and a discard take failures that nobody has given up on. Of hand-picked tasks an
 * action takes all that it can be done to, but a retry still leaves out what was given up on.
 */
function toWorkOn(action: Action, asked: TaskFilter): TaskFilter {
  const state = asked.ids === undefined && { status: action === "cancel" ? "OPEN" : "FAILURE" };
  const discarded = action !== "cancel" && { discarded: false };
  const set = Object.entries(asked).filter(([, value]) => value !== undefined);
  return { ...state, ...discarded, ...Object.fromEntries(set) } as TaskFilter;
}

/**
 * A count takes this many looks of MAX_SCANNED tasks, as a rare filter may match only far behind.
 */
const MAX_LOOKS = 10;
/** A count stops at this many, which is enough to say "and more". */
const MANY = 100;

/**
 * Counts the tasks that a bulk action would be done to now. The count is exact if one look at 1,000
 * tasks tells, or if few are found among 10,000; else `capped` says that there may be more.
 */
export async function countBulk(
  env: Env,
  engine: Engine,
  action: Action,
  asked: TaskFilter,
): Promise<{ count: number; capped: boolean }> {
  const filter = toWorkOn(action, asked);
  const only = doable(engine, action);
  let found = { count: 0, capped: true, next: null as PageKey | null };
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const more = await countTasks(env.DB, filter, only, found.next);
    found = { ...more, count: found.count + more.count };
    if (found.next === null || found.count >= MANY) {
      break;
    }
  }
  return { count: found.count, capped: found.capped };
}

import { type Key, MAX_SCANNED } from "../../http/paging";
import { ACTIONS, type Actor } from "./actions";
import type { Engine } from "../model/engine";
import { lookAtTasks, nextAfter } from "../reading/list";
import type { TaskFilter } from "../reading/task-filter";

/** Looks at 1,000 tasks each: those that are open may be behind thousands that ended. */
const MAX_LOOKS = 10;

export interface CancelledOfUser {
  cancelled: string[];
  /** Those and the ones that ended by themselves meanwhile. */
  attempted: number;
  /** Where to look on; null when all were looked at. */
  next: Key | null;
}

/**
 * Cancels what has not ended of a user, as the filter narrows it: at most 1,000 tasks, in one
 * transaction. Call again from `next`, or from the start: what was cancelled is not open any more.
 */
export async function cancelOfUser(
  env: Env,
  engine: Engine,
  filter: Pick<TaskFilter, "module" | "name"> & { user: string },
  after: Key | null,
  actor: Actor,
): Promise<CancelledOfUser> {
  const ids: string[] = [];
  let next = after;
  let looks = 0;
  do {
    const request = { limit: MAX_SCANNED - ids.length, cursor: next && nextAfter(next) };
    const page = await lookAtTasks(env.DB, { ...filter, status: "OPEN" }, request);
    ids.push(...page.rows.map(({ id }) => id));
    next = page.next;
    looks += 1;
  } while (next !== null && looks < MAX_LOOKS && ids.length < MAX_SCANNED);
  const changed = ids.length === 0 ? [] : await ACTIONS.cancel(env, engine, ids, actor);
  return { cancelled: changed.map(({ id }) => id), attempted: ids.length, next };
}

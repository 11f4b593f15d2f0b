import { type PageKey, MAX_SCANNED } from "../../http/paging";
import { audit } from "../../audit/audit";
import { callerId, can } from "../../caller";
import { Refused, type Result } from "../../lib/result";
import { ACTIONS } from "./actions";
import type { Operator } from "./operator";
import type { Refusal } from "./refusals";
import { lookAtTasks, nextAfter } from "../reading/list";
import type { TaskFilter } from "../reading/task-filter";

/** A call takes at most this many looks, as open tasks may be behind thousands that ended. */
const MAX_LOOKS = 10;

export interface CancelledOfUser {
  cancelled: string[];
  /** The number of tasks found open, including those that ended by themselves meanwhile. */
  attempted: number;
  /** The place to look on from; null when all were looked at. */
  next: PageKey | null;
}

/**
 * Cancels a user's open tasks within the filter: at most 1,000, in one transaction. Another's tasks
 * need the scope tasks:write. It may be called again from `next` or from the start.
 */
export async function cancelOfUser(
  operator: Operator,
  filter: Pick<TaskFilter, "module" | "name"> & { user: string },
  after: PageKey | null,
): Promise<Result<CancelledOfUser, Refusal>> {
  const { env, engine, caller } = operator;
  const by = callerId(caller);
  if (filter.user !== by && !can(caller, "tasks:write")) {
    return new Refused({ kind: "needs_scope", scope: "tasks:write" });
  }
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
  const changed = ids.length === 0 ? [] : await ACTIONS.cancel(env, engine, ids, { by });
  if (changed.length > 0) {
    const { user, module: task_module, name: task_name } = filter;
    const detail = { task_module, task_name, cancelled: changed.length };
    await audit(operator, "tasks.cancel", user, detail);
  }
  return { cancelled: changed.map(({ id }) => id), attempted: ids.length, next };
}

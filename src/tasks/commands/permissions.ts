/** Some callers may act on one task though they lack the scope for all tasks. */
import { type Caller, callerId, can } from "../../caller";
import type { TaskView } from "../model/queries";

/** Tells whether the caller asked for a task, or reports on it from where it runs. */
export function isOwn({ user, worker }: TaskView, caller: Caller): boolean {
  const by = callerId(caller);
  return user === by || worker === by;
}

/** Tells whether the caller may report on tracked work: its reporter, its owner, or tasks:write. */
export function mayReport(task: TaskView, caller: Caller): boolean {
  // Work without a worker was registered by an older version or from within, so anybody may report.
  return task.worker === null || isOwn(task, caller) || can(caller, "tasks:write");
}

/** Tells whether the caller may cancel a task, as anybody may whose task it is. */
export function mayCancel(task: TaskView, caller: Caller): boolean {
  return can(caller, "tasks:write") || task.user === callerId(caller);
}

/** Who may do what to one task, besides those whose scope is for all. */
import { type Caller, callerId, can } from "../../caller";
import type { TaskView } from "../model/queries";

/** Whoever asked for it, or reports on it from where it runs. */
export function isOwn({ user, worker }: TaskView, caller: Caller): boolean {
  const by = callerId(caller);
  return user === by || worker === by;
}

/** The reporter and the owner of tracked work may report on it, and whoever may act on every task. */
export function mayReport(task: TaskView, caller: Caller): boolean {
  // Nobody is named by work that was started before this was kept, or by a program in here.
  return task.worker === null || isOwn(task, caller) || can(caller, "tasks:write");
}

/** Anybody may end what they asked for themselves. */
export function mayCancel(task: TaskView, caller: Caller): boolean {
  return can(caller, "tasks:write") || task.user === callerId(caller);
}

import { type Caller, can, ROLES } from "../../caller";
import type { Engine } from "../../tasks/model/engine";
import { statusOf } from "../../tasks/reading/execution";
import { mayCancel } from "../../tasks/commands/permissions";
import type { TaskView } from "../../tasks/model/queries";
import { isFinal } from "../../tasks/model/states";

export type TaskAction = "retry" | "cancel" | "discard" | "replay";

/** What this person may do to a task in its state, as will be judged: no button promises in vain. */
export function allowedActions(
  task: TaskView,
  engine: Engine,
  caller: Caller,
): Record<TaskAction, boolean> {
  const status = statusOf(task);
  const mayWrite = can(caller, "tasks:write");
  const definition = engine.find(task.name);
  const failed = status === "FAILURE" || status === "REVOKED";
  return {
    // A message kept as a failure has no attempts, and tracked work runs elsewhere.
    retry: mayWrite && failed && definition !== undefined && task.external_id === null,
    cancel: mayCancel(task, caller) && !isFinal(status),
    discard: mayWrite && status === "FAILURE" && task.discard_reason === null,
    replay: mayWrite && isFinal(status) && mayStart(definition?.startedBy ?? null, caller),
  };
}

function mayStart(least: (typeof ROLES)[number] | null, caller: Caller): boolean {
  return (
    least !== null && caller.kind === "user" && ROLES.indexOf(caller.role) >= ROLES.indexOf(least)
  );
}

import type { Engine } from "../tasks/engine";
import { statusOf } from "../tasks/execution";
import { isFinal } from "../tasks/states";
import type { TaskView } from "../tasks/queries";
import type { TaskAction } from "./pages/task-action";

/** Whether a task's state allows an action, as actions.ts will judge: no button promises in vain. */
export function allows(action: TaskAction, task: TaskView, engine: Engine): boolean {
  const status = statusOf(task);
  switch (action) {
    case "retry":
      // A message kept as a failure has no attempts, and nothing to run.
      return (
        (status === "FAILURE" || status === "REVOKED") &&
        task.max_attempts > 0 &&
        engine.find(task.name) !== undefined
      );
    case "cancel":
      return !isFinal(status);
    default:
      return action satisfies never;
  }
}

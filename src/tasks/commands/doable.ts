/**
 * What can be done to which tasks is a rule that stands here once, as SQL over a row and as a test of
 * a task that was read. The statements of actions.ts repeat none of it.
 */
import { type Caller, can } from "../../caller";
import { readReason } from "../../http/reason";
import type { Result } from "../../lib/result";
import type { Engine } from "../model/engine";
import type { TaskView } from "../model/queries";
import { FAILED, isFinal, OPEN } from "../model/states";
import { statusOf } from "../reading/execution";
import type { Restriction } from "../reading/list-plan";
import { mayCancel } from "./permissions";
import { mayStart } from "./startable";

export type Action = "cancel" | "retry" | "discard";
export type TaskAction = Action | "replay";

/** DOABLE is SQL over a row. A retry also needs that no lease holds it and its name is defined. */
export const DOABLE: Record<Action, string> = {
  cancel: OPEN,
  retry: `${FAILED} AND external_id IS NULL`,
  discard: "status = 'FAILURE' AND discard_reason IS NULL",
};

/** Reads the reason of a discard; no other action has one. */
export function reasonFor(
  action: Action,
  typed: unknown,
): Result<string | undefined, { kind: "bad_reason" }> {
  return action === "discard" ? readReason(typed) : undefined;
}

/** Restricts a list to the tasks that an action could be done to now. */
export function doable(engine: Engine, action: Action): Restriction {
  return {
    sql: DOABLE[action],
    test: ({ name }, holder) =>
      action !== "retry" || (holder === undefined && engine.find(name) !== undefined),
  };
}

/**
 * Tells what this caller may do to a task in its state, by the rules of the actions, so that no
 * button promises in vain.
 */
export function allowedActions(
  task: TaskView,
  engine: Engine,
  caller: Caller,
): Record<TaskAction, boolean> {
  const status = statusOf(task);
  const mayWrite = can(caller, "tasks:write");
  const isHere = !task.archived;
  const definition = engine.find(task.name);
  const failed = status === "FAILURE" || status === "REVOKED";
  return {
    retry: isHere && mayWrite && failed && definition !== undefined && task.external_id === null,
    cancel: mayCancel(task, caller) && !isFinal(status),
    discard: isHere && mayWrite && status === "FAILURE" && task.discard_reason === null,
    replay: mayWrite && isFinal(status) && definition !== undefined && mayStart(definition, caller),
  };
}

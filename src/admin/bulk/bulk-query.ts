import { MAX_SCANNED } from "../../http/paging";
import { AppError } from "../../http/errors";
import type { Action } from "../../tasks/commands/doable";
import { isTaskId } from "../../lib/ids";
import type { TaskFilter } from "../../tasks/reading/task-filter";
import { ACTION_NAMES } from "../tasks/list/selection";
import { readTaskQuery, type TaskQuery } from "../tasks/list/task-query";

/** An action on picked tasks, or on all that match a filter: an address, or a form of it. */
export interface BulkQuery {
  action: Action;
  /** What a form must carry to mean the same. */
  fields: [name: string, value: string][];
  filter: TaskFilter;
  /** The picked ones; null when a filter says which. */
  ids: string[] | null;
  typed: TaskQuery["typed"];
}

/** Throws 400 `invalid_parameter`: the list's own form sends nothing that cannot be read. */
export function readBulkQuery(scope: "picked" | "matching", params: URLSearchParams): BulkQuery {
  const action = ACTION_NAMES.find((known) => known === params.get("action"));
  if (!action) {
    throw bad("action");
  }
  const { typed, problems, filter } = readTaskQuery(params);
  if (scope === "matching") {
    const [problem] = Object.keys(problems);
    if (problem !== undefined) {
      throw bad(problem);
    }
    const set = Object.entries(typed).filter(([, value]) => value !== "");
    return { action, fields: [["action", action], ...set], filter, ids: null, typed };
  }
  const ids = [...new Set(params.getAll("id"))];
  if (ids.length > MAX_SCANNED || !ids.every(isTaskId)) {
    throw bad("id");
  }
  const fields = ids.map((id): [string, string] => ["id", id]);
  return { action, fields: [["action", action], ...fields], filter: { ids }, ids, typed };
}

function bad(parameter: string): AppError {
  return new AppError(400, "invalid_parameter", `${parameter}: not one of the list's`, {
    parameter,
  });
}

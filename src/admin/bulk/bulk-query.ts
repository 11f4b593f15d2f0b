import { MAX_SCANNED } from "../../http/paging";
import { AppError } from "../../http/errors";
import type { Action } from "../../tasks/commands/doable";
import { isTaskId } from "../../lib/ids";
import type { TaskFilter } from "../../tasks/reading/task-filter";
import { ACTION_NAMES } from "../tasks/list/selection";
import { readTaskQuery, type TaskQuery } from "../tasks/list/task-query";

/**
 * A BulkQuery is an action on picked tasks, or on all that match a filter, parsed from an address
 * or a form.
 */
export interface BulkQuery {
  action: Action;
  /** `fields` are the form fields that express the same query again. */
  fields: [name: string, value: string][];
  filter: TaskFilter;
  /** `ids` are the picked tasks; null when a filter selects them. */
  ids: string[] | null;
  typed: TaskQuery["typed"];
}

/**
 * Parses the query. Throws 400 `invalid_parameter`, since the list's own form sends nothing
 * unreadable.
 */
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

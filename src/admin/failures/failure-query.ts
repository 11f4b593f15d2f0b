import type { FailureFilter } from "../../tasks/statistics/failure-groups";
import { isTaskId } from "../../lib/ids";
import {
  countActive,
  days,
  DAYS_PROBLEMS,
  daysOf,
  type ListQuery,
  readFilters,
  taskName,
} from "../shared/list-query";

const shape = { module: taskName, name: taskName, ...days };
type Name = keyof typeof shape;
export const FAILURE_FILTERS = Object.keys(shape);

/** A FailureQuery is the parsed address of the failures' page. */
export interface FailureQuery extends ListQuery<Name> {
  filter: FailureFilter;
}

export function readFailureQuery(params: URLSearchParams): FailureQuery {
  const read = readFilters(
    shape,
    { module: "list.tooLong", name: "list.tooLong", ...DAYS_PROBLEMS },
    params,
  );
  const range = daysOf(read);
  const { typed, values, problems } = read;
  const beforeId = params.get("before") ?? undefined;
  if (beforeId !== undefined && !isTaskId(beforeId)) {
    problems.cursor = "list.badCursor";
  }
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: { module: values.module, name: values.name, ...range, beforeId },
  };
}

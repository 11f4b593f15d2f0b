import type { FailureFilter } from "../tasks/failure-groups";
import { isTaskId } from "../tasks/ids";
import { day, daysOf, type Problems, readFilters, words } from "./list-query";

const shape = { module: words, name: words, from: day, to: day };
type Name = keyof typeof shape;

/** The address of the failures' page. */
export interface FailureQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  filter: FailureFilter;
}

export function readFailureQuery(params: URLSearchParams): FailureQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { module: "list.tooLong", name: "list.tooLong", from: "list.badDate", to: "list.badDate" },
    params,
  );
  const beforeId = params.get("before") ?? undefined;
  if (beforeId !== undefined && !isTaskId(beforeId)) {
    problems.cursor = "list.badCursor";
  }
  if (values.from !== undefined && values.to !== undefined && values.to < values.from) {
    problems.to = "list.dateOrder";
  }
  return {
    typed,
    problems,
    active: Object.values(typed).filter((text) => text !== "").length,
    filter: { module: values.module, name: values.name, ...daysOf(values), beforeId },
  };
}

import { z } from "zod";
import type { PageRequest } from "../http/paging";
import { isLote } from "../tasks/ids";
import type { TaskFilter } from "../tasks/list";
import { STATUSES } from "../tasks/states";
import {
  day,
  daysOf,
  PAGE_ROWS,
  type Problems,
  readFilters,
  readPosition,
  words,
} from "./list-query";

const shape = {
  q: words,
  status: z.enum(STATUSES).optional(),
  name: words,
  worker: words,
  lote: z.string().refine(isLote).optional(),
  from: day,
  to: day,
};
type Name = keyof typeof shape;

/** The task history's address: what was typed, what it means, and what of it cannot be read. */
export interface TaskQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  /** How many filters are set, the search aside. */
  active: number;
  filter: TaskFilter;
  request: PageRequest;
}

export function readTaskQuery(params: URLSearchParams): TaskQuery {
  const { typed, values, problems } = readFilters(
    shape,
    {
      q: "list.tooLong",
      status: "list.badState",
      name: "list.tooLong",
      worker: "list.tooLong",
      lote: "list.badBatch",
      from: "list.badDate",
      to: "list.badDate",
    },
    params,
  );
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  if (values.from !== undefined && values.to !== undefined && values.to < values.from) {
    problems.to = "list.dateOrder";
  }
  const { q, status, name, worker, lote } = values;
  return {
    typed,
    problems,
    active: Object.entries(typed).filter(([field, text]) => field !== "q" && text !== "").length,
    filter: { search: q, status, name, worker, lote, ...daysOf(values) },
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}

import type { PageRequest } from "../http/paging";
import type { OrderFilter } from "../orders/queries";
import {
  day,
  daysOf,
  PAGE_ROWS,
  type Problems,
  readFilters,
  readPosition,
  words,
} from "./list-query";

const shape = { q: words, customer: words, from: day, to: day };
type Name = keyof typeof shape;

/** The order list's address, see TaskQuery. */
export interface OrderQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  filter: OrderFilter;
  request: PageRequest;
}

export function readOrderQuery(params: URLSearchParams): OrderQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", customer: "list.tooLong", from: "list.badDate", to: "list.badDate" },
    params,
  );
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  if (values.from !== undefined && values.to !== undefined && values.to < values.from) {
    problems.to = "list.dateOrder";
  }
  return {
    typed,
    problems,
    active: Object.entries(typed).filter(([field, text]) => field !== "q" && text !== "").length,
    filter: { search: values.q, customer: values.customer, ...daysOf(values) },
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}

import type { PageRequest } from "../../http/paging";
import type { OrderFilter } from "../../orders/reading/range";
import {
  countActive,
  days,
  DAYS_PROBLEMS,
  daysOf,
  PAGE_ROWS,
  type Problems,
  readFilters,
  readPosition,
  words,
} from "../shared/list-query";

const shape = { q: words, customer: words, ...days };
type Name = keyof typeof shape;
export const ORDER_FILTERS = Object.keys(shape);

/** The order list's address, see TaskQuery. */
export interface OrderQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  filter: OrderFilter;
  request: PageRequest;
}

export function readOrderQuery(params: URLSearchParams): OrderQuery {
  const read = readFilters(
    shape,
    { q: "list.tooLong", customer: "list.tooLong", ...DAYS_PROBLEMS },
    params,
  );
  const range = daysOf(read);
  const { typed, values, problems } = read;
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: { search: values.q, customer: values.customer, ...range },
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}

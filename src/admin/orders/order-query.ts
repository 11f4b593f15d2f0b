import type { OrderFilter } from "../../orders/reading/range";
import {
  countActive,
  days,
  DAYS_PROBLEMS,
  daysOf,
  type PagedQuery,
  readFilters,
  readRequest,
  words,
} from "../shared/list-query";

const shape = { q: words, customer: words, ...days };
type Name = keyof typeof shape;
export const ORDER_FILTERS = Object.keys(shape);

/** An OrderQuery is the order list's parsed address. */
export interface OrderQuery extends PagedQuery<Name> {
  filter: OrderFilter;
}

export function readOrderQuery(params: URLSearchParams): OrderQuery {
  const read = readFilters(
    shape,
    { q: "list.tooLong", customer: "list.tooLong", ...DAYS_PROBLEMS },
    params,
  );
  const range = daysOf(read);
  const { typed, values, problems } = read;
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: { search: values.q, customer: values.customer, ...range },
    request: readRequest(params, problems),
  };
}

import { z } from "zod";
import { KEY_STATES, type KeyFilter } from "../../auth/keys/key-list";
import {
  countActive,
  type PagedQuery,
  readFilters,
  readRequest,
  words,
} from "../shared/list-query";

const shape = { q: words, state: z.enum(KEY_STATES).optional() };
type Name = keyof typeof shape;
export const KEY_FILTERS = Object.keys(shape);

/** A KeyQuery is the parsed address of the list of keys. */
export interface KeyQuery extends PagedQuery<Name> {
  filter: KeyFilter;
}

export function readKeyQuery(params: URLSearchParams): KeyQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", state: "list.badState" },
    params,
  );
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: { search: values.q, state: values.state },
    request: readRequest(params, problems),
  };
}

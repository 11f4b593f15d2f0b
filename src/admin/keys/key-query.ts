import { z } from "zod";
import { KEY_STATES, type KeyFilter } from "../../auth/keys/key-list";
import type { PageRequest } from "../../http/paging";
import { PAGE_ROWS, type Problems, readFilters, readPosition, words } from "../shared/list-query";

const shape = { q: words, state: z.enum(KEY_STATES).optional() };
type Name = keyof typeof shape;
export const KEY_FILTERS = Object.keys(shape);

/** The list of keys' address, see TaskQuery. */
export interface KeyQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  filter: KeyFilter;
  request: PageRequest;
}

export function readKeyQuery(params: URLSearchParams): KeyQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", state: "list.badState" },
    params,
  );
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  return {
    typed,
    problems,
    active: typed.state === "" ? 0 : 1,
    filter: { search: values.q, state: values.state },
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}

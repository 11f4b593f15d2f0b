import { z } from "zod";
import { ROLES } from "../../caller";
import type { PeopleFilter } from "../../auth/people/people-list";
import type { PageRequest } from "../../http/paging";
import { PAGE_ROWS, type Problems, readFilters, readPosition, words } from "../shared/list-query";

const shape = {
  q: words,
  role: z.enum(ROLES).optional(),
  state: z.enum(["active", "banned"]).optional(),
};
type Name = keyof typeof shape;
export const PEOPLE_FILTERS = Object.keys(shape);

/** The list of people's address, see TaskQuery. */
export interface PeopleQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  filter: PeopleFilter;
  request: PageRequest;
}

export function readPeopleQuery(params: URLSearchParams): PeopleQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", role: "list.badRole", state: "list.badState" },
    params,
  );
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  return {
    typed,
    problems,
    active: [typed.role, typed.state].filter((text) => text !== "").length,
    filter: { search: values.q, role: values.role, state: values.state },
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}

import { z } from "zod";
import { ROLES } from "../../caller";
import type { PeopleFilter } from "../../auth/people/people-list";
import {
  countActive,
  type PagedQuery,
  readFilters,
  readRequest,
  words,
} from "../shared/list-query";

const shape = {
  q: words,
  role: z.enum(ROLES).optional(),
  state: z.enum(["active", "banned"]).optional(),
};
type Name = keyof typeof shape;
export const PEOPLE_FILTERS = Object.keys(shape);

/** A PeopleQuery is the parsed address of the list of people. */
export interface PeopleQuery extends PagedQuery<Name> {
  filter: PeopleFilter;
}

export function readPeopleQuery(params: URLSearchParams): PeopleQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", role: "list.badRole", state: "list.badState" },
    params,
  );
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: { search: values.q, role: values.role, state: values.state },
    request: readRequest(params, problems),
  };
}

import { z } from "zod";
import { gist } from "../../../tasks/reading/error-gist";
import { isBatchId } from "../../../lib/ids";
import type { WholeTaskFilter } from "../../../tasks/reading/task-filter";
import { STATUSES } from "../../../tasks/model/states";
import {
  countActive,
  days,
  DAYS_PROBLEMS,
  daysOf,
  type PagedQuery,
  readFilters,
  readRequest,
  taskName,
  words,
} from "../../shared/list-query";

const shape = {
  q: words,
  status: z.enum(STATUSES).optional(),
  module: taskName,
  name: taskName,
  code: words,
  message: words,
  discarded: z.enum(["yes", "no"]).optional(),
  worker: words,
  lote: z.string().refine(isBatchId).optional(),
  ...days,
};
type Name = keyof typeof shape;
export const TASK_FILTERS = Object.keys(shape);

/**
 * A TaskQuery is the task history's parsed address: what was typed, what it means, and what cannot
 * be read.
 */
export interface TaskQuery extends PagedQuery<Name> {
  filter: WholeTaskFilter;
}

/** Returns the fields that have a value. */
export function onlySet(typed: Partial<Record<Name, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([, text]) => text !== ""));
}

/** Returns the query of the tasks that match, which pages other than the list use too. */
export function taskQuery(typed: Partial<Record<Name, string>>): string {
  return new URLSearchParams(onlySet(typed)).toString();
}

export function readTaskQuery(params: URLSearchParams): TaskQuery {
  const read = readFilters(
    shape,
    {
      q: "list.tooLong",
      status: "list.badState",
      module: "list.tooLong",
      name: "list.tooLong",
      code: "list.tooLong",
      message: "list.tooLong",
      discarded: "list.badDiscarded",
      worker: "list.tooLong",
      lote: "list.badBatch",
      ...DAYS_PROBLEMS,
    },
    params,
  );
  const range = daysOf(read);
  const { typed, values, problems } = read;
  const { q, code, message, discarded, status, module, name, worker, lote } = values;
  return {
    typed,
    problems,
    active: countActive(typed),
    filter: {
      search: q,
      codes: code?.split(/[\s,]+/).filter(Boolean),
      message: message === undefined ? undefined : gist(message),
      discarded: discarded === undefined ? undefined : discarded === "yes",
      status,
      module,
      name,
      worker,
      lote,
      ...range,
      subject: undefined, // the search finds it
      user: undefined,
      ids: undefined, // picked ones have no address: see bulk-query.ts
    },
    request: readRequest(params, problems),
  };
}

import { z } from "@hono/zod-openapi";
import { cutFilterText, filterText } from "../../http/filter-text";
import { firstMoment, fromText, lastMoment, throughText } from "../../http/instant";
import { MAX_SCANNED } from "../../http/paging";
import { isBatchId, isTaskId } from "../../lib/ids";
import { MAX_NAME_CHARACTERS } from "../model/bounds";
import type { TaskFilter, WholeTaskFilter } from "./task-filter";
import { STATUSES } from "../model/states";

const CASE = { description: "Case and accents do not matter" };
const name = cutFilterText(MAX_NAME_CHARACTERS).openapi(CASE);

/** filterShape is the task API's filters in its own words, for queries and for bulk actions. */
export const filterShape = {
  lote: z.string().trim().refine(isBatchId, "not the id of a batch").optional(),
  status: z.enum(STATUSES).optional(),
  pedido: filterText(64).optional(),
  user: filterText(200)
    .optional()
    .openapi({ description: "The id of a person or a key; or user:ID, key:ID" }),
  task_module: name.optional(),
  task_name: name.optional(),
  worker: filterText(100).openapi(CASE).optional(),
  created_after: fromText.optional(),
  created_before: throughText.optional(),
  discarded: z.stringbool().or(z.boolean()).optional().openapi({ type: "boolean" }),
  error_code: filterText(100).optional(),
  search: filterText(255).optional().openapi({
    description:
      "An id of a task, here or elsewhere, of a batch or an order; else words of a failure's error, in any case, accents and order",
  }),
};

/** bulkFilterShape adds what only bulk actions take: hand-picked tasks, by their own ids. */
export const bulkFilterShape = {
  ...filterShape,
  ids: z.array(z.string().refine(isTaskId, "not a task id")).min(1).max(MAX_SCANNED).optional(),
};

const text = z.string().optional();
/** TaskFilterInput is a filter that was read already, as a task keeps it in its input. */
export const TaskFilterInput: z.ZodType<TaskFilter> = z.strictObject({
  lote: text,
  status: z.enum([...STATUSES, "OPEN"]).optional(),
  subject: text,
  user: text,
  module: text,
  name: text,
  worker: text,
  from: z.number().optional(),
  before: z.number().optional(),
  search: text,
  discarded: z.boolean().optional(),
  codes: z.array(z.string()).optional(),
  message: text,
  ids: z.array(z.string()).max(MAX_SCANNED).optional(),
} satisfies Record<keyof TaskFilter, z.ZodType>);

const Filter = z.object(bulkFilterShape);

/** Translates a filter; `created_after` and `created_before` are themselves let through. */
export function toFilter(query: z.infer<typeof Filter>): WholeTaskFilter {
  return {
    lote: query.lote,
    status: query.status,
    subject: query.pedido,
    user: query.user,
    module: query.task_module,
    name: query.task_name,
    worker: query.worker,
    from: query.created_after === undefined ? undefined : firstMoment(query.created_after),
    before: query.created_before === undefined ? undefined : lastMoment(query.created_before) + 1,
    discarded: query.discarded,
    codes: query.error_code === undefined ? undefined : [query.error_code],
    message: undefined, // only the console asks for it
    ids: query.ids,
    search: query.search,
  };
}

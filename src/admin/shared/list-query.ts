import { z } from "zod";
import { cutFilterText, filterText } from "../../http/filter-text";
import { type PageRequest, parseCursor } from "../../http/paging";
import { isLonger } from "../../lib/cut-text";
import { isRefused } from "../../lib/result";
import { MAX_NAME_CHARACTERS } from "../../tasks/model/bounds";
import { isZone, startOfDay, UTC } from "./zone";
import type { SharedKey } from "./words";

/** With 25 rows a page weighs less than 60 KB, including its style and script. */
export const PAGE_ROWS = 25;
const DAY_MS = 86_400_000;
const MAX_LENGTH = 255;

/** Parses a day of a date field into its midnight in UTC. */
const day = z.iso
  .date()
  .transform((text) => Date.parse(`${text}T00:00:00Z`))
  .optional();

/**
 * `days` are a list's first and last day and their zone, which is in the address so that others see
 * the same list.
 */
export const days = { from: day, to: day, zone: z.string().refine(isZone).optional() };

export const DAYS_PROBLEMS = {
  from: "list.badDate",
  to: "list.badDate",
  zone: "list.badZone",
} as const;

export const words = filterText(MAX_LENGTH).optional();
/** Schema of a filter by the name of a module or a task. */
export const taskName = cutFilterText(MAX_NAME_CHARACTERS).optional();

export type Problems<Name extends string> = Partial<Record<Name | "cursor", SharedKey>>;

/** A ListQuery is a list's parsed address: what was typed, and what of it cannot be read. */
export interface ListQuery<Name extends string> {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  /** `active` is how many filters are set, the search aside. */
  active: number;
}

/** A PagedQuery also says which page of the list is asked for. */
export interface PagedQuery<Name extends string> extends ListQuery<Name> {
  request: PageRequest;
}

/**
 * Reads filters one by one, so that each bad one can be named beside its field. Values are trimmed,
 * and empty ones count as not set, since a form sends every field.
 */
export function readFilters<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  problemOf: { [Name in keyof Shape & string]: SharedKey },
  params: URLSearchParams,
) {
  type Name = keyof Shape & string;
  const typed = {} as Record<Name, string>;
  const values: { [Name in keyof Shape]?: z.output<Shape[Name]> } = {};
  const problems: Problems<Name> = {};
  for (const name of Object.keys(shape) as Name[]) {
    const text = (params.get(name) ?? "").trim();
    typed[name] = text;
    const parsed = shape[name]?.safeParse(text === "" ? undefined : text);
    if (parsed?.success) {
      values[name] = parsed.data as z.output<Shape[Name]>;
    } else {
      problems[name] = isLonger(text, MAX_LENGTH) ? "list.tooLong" : problemOf[name];
    }
  }
  return { typed, values, problems };
}

interface Read {
  typed: Record<keyof typeof days, string>;
  values: { from?: number; to?: number; zone?: string };
  problems: Problems<keyof typeof days>;
}

/**
 * Returns the list's days, the last one included, as the half-open range that queries take; notes a
 * problem if they are in the wrong order. A zone without a day means nothing, and is dropped.
 */
export function daysOf({ typed, values, problems }: Read) {
  const { from, to, zone = UTC } = values;
  if (from !== undefined && to !== undefined && to < from) {
    problems.to = "list.dateOrder";
  }
  if (typed.from === "" && typed.to === "") {
    typed.zone = "";
  }
  return {
    from: from === undefined ? undefined : startOfDay(from, zone),
    before: to === undefined ? undefined : startOfDay(to + DAY_MS, zone),
  };
}

/** Counts the filters that are set. The search is none, and a zone only says what the days mean. */
export function countActive(typed: Record<string, string>): number {
  return Object.entries(typed).filter(
    ([field, text]) => field !== "q" && field !== "zone" && text !== "",
  ).length;
}

/**
 * Returns the page asked for. If the cursor cannot be read it returns the first page and notes a
 * problem.
 */
export function readRequest(params: URLSearchParams, problems: Problems<never>): PageRequest {
  const cursor = parseCursor(params.get("cursor"));
  if (isRefused(cursor)) {
    problems.cursor = "list.badCursor";
    return { limit: PAGE_ROWS, cursor: null };
  }
  return { limit: PAGE_ROWS, cursor };
}

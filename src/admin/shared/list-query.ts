import { z } from "zod";
import { cutFilterText, filterText } from "../../http/filter-text";
import { type PageRequest, parseCursor } from "../../http/paging";
import { isLonger } from "../../lib/cut-text";
import { isRefused } from "../../lib/result";
import { MAX_NAME_CHARACTERS } from "../../tasks/model/bounds";
import { isZone, startOfDay, UTC } from "./zone";
import type { SharedKey } from "./words";

/** Rows on a page: with them it weighs less than 60 KB, its style and script included. */
export const PAGE_ROWS = 25;
const DAY_MS = 86_400_000;
const MAX_LENGTH = 255;

/** A day as a date field gives it, as its midnight in UTC. */
const day = z.iso
  .date()
  .transform((text) => Date.parse(`${text}T00:00:00Z`))
  .optional();

/** The days of a list, and the zone they are days of: it is in the address, so that others see the same. */
export const days = { from: day, to: day, zone: z.string().refine(isZone).optional() };

export const DAYS_PROBLEMS = {
  from: "list.badDate",
  to: "list.badDate",
  zone: "list.badZone",
} as const;

export const words = filterText(MAX_LENGTH).optional();
/** The name of a module or a task. */
export const taskName = cutFilterText(MAX_NAME_CHARACTERS).optional();

export type Problems<Name extends string> = Partial<Record<Name | "cursor", SharedKey>>;

/** A list's address: what was typed, and what of it cannot be read. */
export interface ListQuery<Name extends string> {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  /** How many filters are set, the search aside. */
  active: number;
}

/** With the page that is asked for. */
export interface PagedQuery<Name extends string> extends ListQuery<Name> {
  request: PageRequest;
}

/**
 * Reads filters one by one, so that each bad one can be named beside its field. Values are trimmed
 * and empty ones are not set, as a form sends every field.
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
 * The days of a list, the last one included, as the half-open range queries take; notes a problem
 * with their order. A zone without a day says nothing, and is dropped.
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

/** How many filters are set; the search is none, and a zone only says what the days mean. */
export function countActive(typed: Record<string, string>): number {
  return Object.entries(typed).filter(
    ([field, text]) => field !== "q" && field !== "zone" && text !== "",
  ).length;
}

/** The page asked for; the first, and a problem noted, where the cursor cannot be read. */
export function readRequest(params: URLSearchParams, problems: Problems<never>): PageRequest {
  const cursor = parseCursor(params.get("cursor"));
  if (isRefused(cursor)) {
    problems.cursor = "list.badCursor";
    return { limit: PAGE_ROWS, cursor: null };
  }
  return { limit: PAGE_ROWS, cursor };
}

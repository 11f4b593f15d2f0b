import { z } from "zod";
import { type Cursor, readCursor } from "../http/paging";
import type { Key } from "../i18n/translate";

/** Rows on a page: with them it weighs less than 60 KB, its style and script included. */
export const PAGE_ROWS = 25;
const DAY_MS = 86_400_000;
const MAX_LENGTH = 255;

/** A day as a date field gives it; what it means is its first millisecond in UTC. */
export const day = z.iso
  .date()
  .transform((text) => Date.parse(`${text}T00:00:00Z`))
  .optional();

export const words = z.string().max(MAX_LENGTH).optional();

export type Problems<Name extends string> = Partial<Record<Name | "cursor", Key>>;

/**
 * Reads filters one by one, so that each bad one can be named beside its field. Values are trimmed
 * and empty ones are not set, as a form sends every field.
 */
export function readFilters<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  problemOf: { [Name in keyof Shape & string]: Key },
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
      problems[name] = text.length > MAX_LENGTH ? "list.tooLong" : problemOf[name];
    }
  }
  return { typed, values, problems };
}

/** The days of a list, the last one included, as the half-open range queries take. */
export function daysOf(values: { from?: number; to?: number }) {
  const before = values.to === undefined ? undefined : values.to + DAY_MS;
  return { from: values.from, before };
}

/** The page asked for; undefined when the cursor is not one that a list gave out. */
export function readPosition(params: URLSearchParams): Cursor | null | undefined {
  try {
    return readCursor(params.get("cursor") ?? undefined);
  } catch {
    return undefined;
  }
}

import { z } from "@hono/zod-openapi";
import { isRefused, Refused, type Result } from "../lib/result";
import { AppError } from "./errors";

/** Where a row stands in its list: the columns the list is ordered by. */
export type PageKey = (string | number)[];

/** How many rows match, as far as it was counted. */
export interface Total {
  count: number;
  /** There may be more than `count`. */
  capped: boolean;
}

/**
 * Keyset paging: a cursor names the row to go on from, so a page costs the same anywhere. It
 * carries the total, which only the first page counts.
 */
export interface Cursor {
  /** "next": rows after the key in the list's order; "previous": rows before it. */
  direction: "next" | "previous";
  key: PageKey;
  total: Total;
}

export interface PageRequest {
  limit: number;
  cursor: Cursor | null;
  /** Counted already: a first page need not. */
  total?: Total;
  /** The page ends with the row that reaches so many, whatever its limit. */
  maxBytes?: number;
}

export interface Page<Row> {
  rows: Row[];
  /** Where the next and the previous page begin; null where there is none. */
  next: PageKey | null;
  previous: PageKey | null;
  total: Total;
}

/** A list counts and scans at most this many rows. */
export const MAX_SCANNED = 1000;
/** Fewer rows of an index in another order than the list's are read whole and sorted. */
export const MAX_SORTED = 500;
export const MAX_LIMIT = 200;
/** A page's rows with all their fields have at most so much, so that 200 of the largest do not fill the memory. */
export const MAX_PAGE_BYTES = 1_000_000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).openapi({ example: 50 }),
  cursor: z.string().max(400).optional(),
};

/** What the query of a paged route takes whose older programs give any limit: one beyond is brought down. */
export const anyPageQuery = {
  ...pageQuery,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .overwrite((limit) => Math.min(limit, MAX_LIMIT))
    .default(50)
    .openapi({ example: 50, description: `Beyond ${MAX_LIMIT} it is ${MAX_LIMIT}` }),
};

/** The place a cursor stands for, null for the first page; throws the 400 that answers any other text. */
export function readCursor(text: string | null | undefined): Cursor | null {
  const cursor = parseCursor(text);
  if (isRefused(cursor)) {
    throw invalidCursor();
  }
  return cursor;
}

/** As `readCursor`; whatever is wrong with a text, one can only drop it. */
export function parseCursor(text: string | null | undefined): Result<Cursor | null, "no_cursor"> {
  if (!text) {
    return null;
  }
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const [direction, count, capped, ...key] = JSON.parse(
      new TextDecoder().decode(bytes),
    ) as unknown[];
    const scalar = key.every((part) => typeof part === "string" || Number.isSafeInteger(part));
    if (
      (direction === "next" || direction === "previous") &&
      typeof count === "number" &&
      scalar &&
      key.length > 0
    ) {
      return { direction, key: key as PageKey, total: { count, capped: capped === 1 } };
    }
  } catch {
    // as any other text that no list gave out
  }
  return new Refused("no_cursor");
}

export function invalidCursor(): AppError {
  return new AppError(400, "invalid_parameter", "cursor: not one this list gave out", {
    parameter: "cursor",
  });
}

export function writeCursor({ direction, key, total }: Cursor): string {
  const parts = [direction, total.count, total.capped ? 1 : 0, ...key];
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** A row a list scanned: whether it is one of those asked for. */
export interface Scanned {
  hit: number;
  /** The size of its large fields, where pages are cut by them. */
  bytes?: number;
}

/**
 * How many rows a list should scan for a page, and one more to see whether it ends there. A first
 * page counts, and a filter without an index looks on, both up to MAX_SCANNED.
 */
export function scanSize({ cursor, limit, total }: PageRequest, isFiltered: boolean): number {
  return (cursor ?? total) && !isFiltered ? limit : MAX_SCANNED;
}

/**
 * Cuts a page out of what was scanned: `size` rows and one more, in the order of the query, which
 * runs backwards for "previous". A page may be short, even empty, and still have a next one.
 */
export function cutPage<Row extends Scanned>(
  scanned: Row[],
  { limit, cursor, total, maxBytes = Infinity }: PageRequest,
  size: number,
  keyOf: (row: Row) => PageKey,
): Page<Row> {
  const backwards = cursor?.direction === "previous";
  const looked = scanned.slice(0, size);
  const isMore = scanned.length > looked.length;
  const hits = looked.filter(({ hit }) => hit);
  const rows = hits.slice(0, Math.min(limit, fitting(hits, maxBytes)));
  const last = hits.length > rows.length ? rows.at(-1) : isMore ? looked.at(-1) : undefined;
  const onward = last ? keyOf(last) : null;
  const first = rows.at(0) ?? looked.at(0);
  const back = cursor && (first ? keyOf(first) : cursor.key);
  return {
    rows: backwards ? rows.toReversed() : rows,
    next: backwards ? back : onward,
    previous: backwards ? onward : back,
    total: cursor?.total ?? total ?? { count: hits.length, capped: isMore },
  };
}

/** How many of the first rows fit: the one that reaches the limit is still among them. */
export function fitting(rows: readonly Pick<Scanned, "bytes">[], maxBytes: number): number {
  let bytes = 0;
  const reaching = rows.findIndex((row) => (bytes += row.bytes ?? 0) >= maxBytes);
  return reaching === -1 ? rows.length : reaching + 1;
}

/** Rows per row of the page that are looked at before more are, where only the page is wanted. */
const FIRST_LOOK = 4;

/**
 * A page of what `look` reads: so many rows in the order of the query, after a row or from where the
 * page begins. Where the total is known already, a few rows mostly hold a page: only if they do not,
 * as many more are looked at as a list may.
 */
export async function scanPage<Row extends Scanned>(
  request: PageRequest,
  isFiltered: boolean,
  keyOf: (row: Row) => PageKey,
  look: (limit: number, after: Row | null) => Promise<Row[]>,
): Promise<Page<Row>> {
  const size = scanSize(request, isFiltered);
  const isCounted = Boolean(request.cursor ?? request.total);
  const first = isCounted ? Math.min(size, FIRST_LOOK * request.limit) : size;
  const rows = await look(first + 1, null);
  const last = rows.at(-1);
  const hits = rows.slice(0, first).filter(({ hit }) => hit).length;
  if (!last || rows.length <= first || hits > request.limit || first === size) {
    return cutPage(rows, request, first, keyOf);
  }
  return cutPage([...rows, ...(await look(size - first, last))], request, size, keyOf);
}

/** The address of another page of the list at `url`. */
function pageLink<Row>(
  page: Page<Row>,
  direction: Cursor["direction"],
  url: string,
): string | null {
  const key = page[direction];
  if (!key) {
    return null;
  }
  const link = new URL(url);
  link.searchParams.set("cursor", writeCursor({ direction, key, total: page.total }));
  return link.href;
}

/** Schema of `pageBody`'s envelope. */
export function pageOf<Result extends z.ZodType>(result: Result, name: string) {
  return z
    .object({
      count: z.int(),
      count_capped: z
        .boolean()
        .optional()
        .openapi({ description: "There may be more than `count`." }),
      next: z.url().nullable(),
      previous: z.url().nullable(),
      results: z.array(result),
    })
    .openapi(name);
}

/** The envelope of every list: `{count, next, previous, results}`, links absolute. */
export function pageBody<Row, Result>(
  page: Page<Row>,
  requestUrl: string,
  render: (row: Row) => Result,
) {
  return {
    count: page.total.count,
    ...(page.total.capped ? { count_capped: true } : {}),
    next: pageLink(page, "next", requestUrl),
    previous: pageLink(page, "previous", requestUrl),
    results: page.rows.map(render),
  };
}

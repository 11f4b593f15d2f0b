import { z } from "@hono/zod-openapi";
import { isRefused, Refused, type Result } from "../lib/result";
import { AppError } from "./errors";

/**
 * A PageKey is a row's position in its list: the values of the columns that the list is ordered by.
 */
export type PageKey = (string | number)[];

/** A Total tells how many rows match, as far as they were counted. */
export interface Total {
  count: number;
  /** `capped` means that there may be more than `count`. */
  capped: boolean;
}

/**
 * Keyset paging: a cursor names the row to continue from, so every page costs the same. It carries
 * the total, which only the first page counts.
 */
export interface Cursor {
  /** "next" asks for rows after the key in the list's order, "previous" for rows before it. */
  direction: "next" | "previous";
  key: PageKey;
  total: Total;
}

export interface PageRequest {
  limit: number;
  cursor: Cursor | null;
  /** A known `total` saves the first page from counting. */
  total?: Total;
  /** The page ends with the row whose large fields reach `maxBytes`, whatever its limit. */
  maxBytes?: number;
}

export interface Page<Row> {
  rows: Row[];
  /** `next` and `previous` are where those pages begin; null means that there is none. */
  next: PageKey | null;
  previous: PageKey | null;
  total: Total;
}

/** MAX_SCANNED limits how many rows a list counts and scans. */
export const MAX_SCANNED = 1000;
/**
 * Up to MAX_SORTED rows are read whole and sorted where the index has another order than the list.
 */
export const MAX_SORTED = 500;
export const MAX_LIMIT = 200;
/**
 * A page's large fields have about this many bytes at most, so that 200 of the largest rows do not
 * fill the memory.
 */
export const MAX_PAGE_BYTES = 1_000_000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).openapi({ example: 50 }),
  cursor: z.string().max(400).optional(),
};

/**
 * `anyPageQuery` brings a limit beyond MAX_LIMIT down instead of refusing it, for older programs.
 */
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

/**
 * Reads the place that a cursor stands for: null for the first page, "no_cursor" for any text that
 * is none.
 */
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

/** A Scanned row says in `hit` whether it matches the filter. */
export interface Scanned {
  hit: number;
  /** `bytes` is the size of the row's large fields, where pages are cut by it. */
  bytes?: number;
}

/**
 * Returns how many rows a list scans for a page; one more tells whether the list ends there. A
 * first page counts and a filter without an index keeps looking, both up to MAX_SCANNED.
 */
export function scanSize({ cursor, limit, total }: PageRequest, isFiltered: boolean): number {
  return (cursor ?? total) && !isFiltered ? limit : MAX_SCANNED;
}

/**
 * Cuts a page out of `size` scanned rows and one more, in the order of the query, which runs
 * backwards for "previous". A page may be short, even empty, and still have a next one.
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

/** Returns how many of the first rows fit into `maxBytes`; the row that reaches it still counts. */
export function fitting(rows: readonly Pick<Scanned, "bytes">[], maxBytes: number): number {
  let bytes = 0;
  const reaching = rows.findIndex((row) => (bytes += row.bytes ?? 0) >= maxBytes);
  return reaching === -1 ? rows.length : reaching + 1;
}

/** A page whose total is known first reads this many rows per row of the page. */
const FIRST_LOOK = 4;

/**
 * Returns a page of what `look` reads: up to `limit` rows in the order of the query, after a row or
 * from the beginning of the page. If the total is known, it reads a few rows first, which mostly
 * suffice, and only then as many as a list may scan.
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

/** Returns the address of the next or previous page of the list at `url`, or null. */
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

/** Archived records that cannot be read; without ids, all of a generation of a day. */
const Damaged = z.object({
  day: z.string(),
  generation: z.int(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});
type Damaged = z.infer<typeof Damaged>;

/** Schema of the envelope that `pageBody` returns. */
export function pageOf<Result extends z.ZodType>(result: Result, name: string) {
  return z
    .object({
      count: z.int(),
      count_capped: z
        .boolean()
        .optional()
        .openapi({ description: "There may be more than `count`." }),
      damaged: z
        .array(Damaged)
        .optional()
        .openapi({ description: "Archived records that cannot be read, and are left out." }),
      next: z.url().nullable(),
      previous: z.url().nullable(),
      results: z.array(result),
    })
    .openapi(name);
}

/** Returns the envelope of every list, `{count, next, previous, results}`, with absolute links. */
export function pageBody<Row, Result>(
  page: Page<Row> & { damage?: Damaged[] },
  requestUrl: string,
  render: (row: Row) => Result,
) {
  return {
    count: page.total.count,
    ...(page.total.capped ? { count_capped: true } : {}),
    ...(page.damage && page.damage.length > 0 ? { damaged: page.damage } : {}),
    next: pageLink(page, "next", requestUrl),
    previous: pageLink(page, "previous", requestUrl),
    results: page.rows.map(render),
  };
}

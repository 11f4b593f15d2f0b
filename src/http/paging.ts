import { z } from "@hono/zod-openapi";
import { AppError } from "./errors";

/** Keyset paging: a cursor names the row to go on from, so a page costs the same anywhere. */
export interface Cursor {
  /** "next": rows after the key in the list's order; "previous": rows before it. */
  direction: "next" | "previous";
  key: (string | number)[];
}

export interface PageRequest {
  limit: number;
  cursor: Cursor | null;
}

export interface Page<Row> {
  rows: Row[];
  next: Cursor | null;
  previous: Cursor | null;
  count: number;
  /** There are more than `count`. */
  countCapped: boolean;
}

/** A list counts and scans at most this many rows. */
export const MAX_SCANNED = 1000;
export const MAX_LIMIT = 200;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).openapi({ example: 50 }),
  cursor: z.string().max(400).optional(),
};

export function readCursor(text: string | undefined): Cursor | null {
  if (text === undefined || text === "") {
    return null;
  }
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const [direction, ...key] = JSON.parse(new TextDecoder().decode(bytes)) as unknown[];
    const scalar = key.every((part) => typeof part === "string" || Number.isSafeInteger(part));
    if ((direction === "next" || direction === "previous") && scalar && key.length > 0) {
      return { direction, key: key as Cursor["key"] };
    }
  } catch {
    // falls through: whatever is wrong with it, the caller can only drop it
  }
  throw invalidCursor();
}

export function invalidCursor(): AppError {
  return new AppError(400, "invalid_parameter", "cursor: not one this list gave out", {
    parameter: "cursor",
  });
}

export function writeCursor({ direction, key }: Cursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify([direction, ...key]));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * Cuts rows fetched with one more than `limit` into a page. `rows` are in the order of the query,
 * which runs backwards for "previous". `scannedTo` is where a bounded scan ended, if it did so
 * before the list's end: the page may then be short and still have a next one.
 */
export function cutPage<Row>(
  rows: Row[],
  { limit, cursor }: PageRequest,
  keyOf: (row: Row) => Cursor["key"],
  scannedTo: Cursor["key"] | null = null,
): Pick<Page<Row>, "rows" | "next" | "previous"> {
  const backwards = cursor?.direction === "previous";
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const onward = rows.length > limit && last ? keyOf(last) : scannedTo;
  if (backwards) {
    page.reverse();
  }
  const first = page.at(0);
  const end = page.at(-1);
  return {
    rows: page,
    next: backwards
      ? end
        ? { direction: "next", key: keyOf(end) }
        : null
      : onward && { direction: "next", key: onward },
    previous: backwards
      ? onward && { direction: "previous", key: onward }
      : cursor && first
        ? { direction: "previous", key: keyOf(first) }
        : null,
  };
}

/** The envelope of every list: `{count, next, previous, results}`, links absolute. */
export function renderPage<Row, Result>(
  page: Page<Row>,
  requestUrl: string,
  render: (row: Row) => Result,
) {
  const link = (cursor: Cursor | null): string | null => {
    if (!cursor) {
      return null;
    }
    const url = new URL(requestUrl);
    url.searchParams.set("cursor", writeCursor(cursor));
    return url.href;
  };
  return {
    count: page.count,
    ...(page.countCapped ? { count_capped: true } : {}),
    next: link(page.next),
    previous: link(page.previous),
    results: page.rows.map(render),
  };
}

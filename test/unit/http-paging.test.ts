import * as fc from "fast-check";
import { expect, it } from "vitest";
import { AppError } from "../../src/http/errors";
import {
  type Cursor,
  cutPage,
  MAX_SCANNED,
  pageQuery,
  type PageRequest,
  readCursor,
  pageBody,
  scanPage,
  scanSize,
  writeCursor,
} from "../../src/http/paging";
import { anyJson, anyUtf16, hostileText } from "../support/arbitraries";

const cursors: fc.Arbitrary<Cursor> = fc.record({
  direction: fc.constantFrom("next", "previous"),
  key: fc.array(fc.oneof(fc.maxSafeInteger(), anyUtf16), { minLength: 1, maxLength: 3 }),
  total: fc.record({ count: fc.nat(1000), capped: fc.boolean() }),
});

it("reads every cursor as it was written", () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(readCursor(writeCursor(cursor))).toEqual(cursor);
    }),
    { numRuns: 500 },
  );
});

it("writes cursors that need no escape in a URL", () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(writeCursor(cursor)).toMatch(/^[A-Za-z0-9_-]+$/);
    }),
  );
});

it("begins at the beginning without a cursor", () => {
  expect(readCursor(undefined)).toBeNull();
  expect(readCursor("")).toBeNull();
});

const encode = (value: unknown) => btoa(unescape(encodeURIComponent(JSON.stringify(value))));

it.each([
  ["no base64", "%%%"],
  ["no JSON", btoa("hello")],
  ["cut short", encode(["next", "abc"]).slice(0, 6)],
  ["no list", encode({ direction: "next", key: [1] })],
  ["null", encode(null)],
  ["an empty list", encode([])],
  ["of another direction", encode(["sideways", 7, 0, 1])],
  ["without a count", encode(["next", "abc", 0, 1])],
  ["without a key", encode(["next", 7, 0])],
  ["with a nested key", encode(["next", 7, 0, [1]])],
  ["with null in its key", encode(["next", 7, 0, null])],
  ["with a fraction in its key", encode(["next", 7, 0, 1.5])],
  ["with an unsafe integer in its key", encode(["next", 7, 0, 2 ** 53])],
  ["with a truth value in its key", encode(["next", 7, 0, true])],
])("refuses a cursor that is %s, naming the parameter", (_, text) => {
  expect(() => readCursor(text)).toThrow(
    expect.objectContaining({
      status: 400,
      code: "invalid_parameter",
      extra: { parameter: "cursor" },
    }),
  );
});

it("reads any text as a cursor or refuses it with 400; there is no third way", () => {
  const texts = fc.oneof(hostileText, anyJson.map(encodeLoosely), fc.base64String());
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const cursor = readCursor(text);
        if (cursor !== null) {
          expect(["next", "previous"]).toContain(cursor.direction);
          expect(cursor.key.length).toBeGreaterThan(0);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect(error).toMatchObject({ status: 400, extra: { parameter: "cursor" } });
      }
    }),
    { numRuns: 1000 },
  );
});

function encodeLoosely(value: unknown): string {
  return Buffer.from(JSON.stringify(["next", 7, 0, value])).toString("base64url");
}

it("accepts the longest cursor a list of orders can give out", () => {
  const key = [Date.UTC(2100, 0), "💥".repeat(64)];
  const text = writeCursor({ direction: "previous", key, total: { count: 1000, capped: true } });
  expect(pageQuery.cursor.safeParse(text).success).toBe(true);
});

it("limits a page to 1 to 200 rows, 50 if nothing is said", () => {
  expect(pageQuery.limit.parse(undefined)).toBe(50);
  expect(pageQuery.limit.parse("200")).toBe(200);
  for (const limit of ["0", "201", "-1", "1.5", "many", ""]) {
    expect(pageQuery.limit.safeParse(limit).success).toBe(false);
  }
});

/** List is a list of numbers, of which a query may show some, and may scan only some at a time. */
interface List {
  rows: number[];
  shows: (row: number) => boolean;
  /** The rows that a query may scan; as many as the page has if left out. */
  scans?: number;
}

/**
 * Does what a domain's query does: it returns one row more than it may scan, backwards for
 * "previous".
 */
function query({ rows, shows, scans }: List, request: PageRequest) {
  const from = Number(request.cursor?.key[0]);
  const ahead =
    request.cursor === null
      ? rows
      : request.cursor.direction === "next"
        ? rows.filter((row) => row > from)
        : rows.filter((row) => row < from).toReversed();
  const size = scans ?? request.limit;
  const scanned = ahead.slice(0, size + 1).map((row) => ({ row, hit: shows(row) ? 1 : 0 }));
  const page = cutPage(scanned, request, size, ({ row }) => [row]);
  return { ...page, rows: page.rows.map(({ row }) => row) };
}

const total = { count: 0, capped: false };
const AFTER_ALL: Cursor = { direction: "previous", key: [1001], total };

/** Follows one kind of link until there is none. Returns the pages in the order they came. */
function follow(
  list: List,
  limits: number[],
  direction: Cursor["direction"],
  start: Cursor | null,
) {
  const pages: ReturnType<typeof query>[] = [];
  let cursor = start;
  do {
    const limit = limits[pages.length % limits.length] ?? 1;
    const page = query(list, { limit, cursor });
    pages.push(page);
    const key = page[direction];
    cursor = key && { direction, key, total };
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    expect(pages.length).toBeLessThanOrEqual(list.rows.length * 2 + 2);
  } while (cursor);
  return pages;
}

const limitLists = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
const rowLists = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 80 })
  .map((rows) => rows.toSorted((a, b) => a - b));

it("visits every row once and in order, forwards and backwards, with any limits", () => {
  fc.assert(
    fc.property(rowLists, limitLists, (rows, limits) => {
      const list = { rows, shows: () => true };
      const forwards = follow(list, limits, "next", null);
      expect(forwards.flatMap((page) => page.rows)).toEqual(rows);
      const backwards = follow(list, limits, "previous", AFTER_ALL).toReversed();
      expect(backwards.flatMap((page) => page.rows)).toEqual(rows);
    }),
    { numRuns: 500 },
  );
});

it("visits every row that matches once and in order, when scans are cut short", () => {
  const scans = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(
      rowLists,
      limitLists,
      scans,
      fc.integer({ min: 1, max: 9 }),
      (rows, limits, n, k) => {
        const list = { rows, shows: (row: number) => row % k === 0, scans: n };
        const matching = rows.filter(list.shows);
        const forwards = follow(list, limits, "next", null);
        expect(forwards.flatMap((page) => page.rows)).toEqual(matching);
        const backwards = follow(list, limits, "previous", AFTER_ALL).toReversed();
        expect(backwards.flatMap((page) => page.rows)).toEqual(matching);
      },
    ),
    { numRuns: 500 },
  );
});

it("links every page to the rows right before and right after it", () => {
  const limit = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(rowLists, limitLists, limit, (rows, limits, limit) => {
      const list = { rows, shows: () => true };
      for (const start of [null, AFTER_ALL]) {
        for (const page of follow(list, limits, start ? "previous" : "next", start)) {
          const [first, last] = [page.rows.at(0) ?? 0, page.rows.at(-1) ?? 0];
          const linked = (direction: Cursor["direction"]) => {
            const key = page[direction];
            return key ? query(list, { limit, cursor: { direction, key, total } }).rows : [];
          };
          expect(linked("previous")).toEqual(rows.filter((row) => row < first).slice(-limit));
          expect(linked("next")).toEqual(
            page.rows.length > 0 ? rows.filter((row) => row > last).slice(0, limit) : [],
          );
        }
      }
    }),
  );
});

it("counts what the first page scanned, says when there may be more, and hands it on", () => {
  const rows = [1, 2, 3, 4, 5, 6];
  const shows = (row: number) => row % 2 === 0;
  expect(query({ rows, shows, scans: 6 }, { limit: 1, cursor: null }).total).toEqual({
    count: 3,
    capped: false,
  });
  const counted = { count: 2, capped: true };
  const first = query({ rows, shows, scans: 5 }, { limit: 1, cursor: null });
  expect(first.total).toEqual(counted);
  const cursor: Cursor = { direction: "next", key: first.next ?? [], total: first.total };
  expect(query({ rows, shows, scans: 5 }, { limit: 1, cursor })).toMatchObject({
    rows: [4],
    total: counted,
  });
});

it("looks on only where a first look holds no page, and finds the same", async () => {
  const numbers = Array.from({ length: 900 }, (_, n) => n);
  const pageOf = async (limit: number, every: number, scanTotal?: typeof total) => {
    const looks: number[] = [];
    const page = await scanPage<{ n: number; hit: number }>(
      { limit, cursor: null, total: scanTotal },
      true,
      ({ n }) => [n],
      (count, after) => {
        looks.push(count);
        const start = after ? after.n + 1 : 0;
        const rows = numbers.slice(start, start + count);
        return Promise.resolve(rows.map((n) => ({ n, hit: Number(n % every === 0) })));
      },
    );
    return { looks, rows: page.rows.map(({ n }) => n), next: page.next, count: page.total.count };
  };
  expect(await pageOf(2, 100)).toEqual({ looks: [1001], rows: [0, 100], next: [100], count: 9 });
  const known = { count: 9, capped: false };
  expect(await pageOf(2, 2, known)).toEqual({ looks: [9], rows: [0, 2], next: [2], count: 9 });
  const rare = { looks: [9, 992], rows: [0, 100], next: [100], count: 9 };
  expect(await pageOf(2, 100, known)).toEqual(rare);
  expect(await pageOf(20, 100, known)).toMatchObject({ looks: [81, 920], next: null });
  for (let limit = 1; limit < 30; limit++) {
    for (const every of [1, 3, 7, 50, 899]) {
      const { rows, next } = await pageOf(limit, every);
      expect(await pageOf(limit, every, known)).toMatchObject({ rows, next });
    }
  }
});

it("scans for a filter and to count; a further page of a plain list costs only its rows", () => {
  const cursor: Cursor = { direction: "next", key: [1], total };
  expect(scanSize({ limit: 10, cursor: null }, false)).toBe(MAX_SCANNED);
  expect(scanSize({ limit: 10, cursor }, true)).toBe(MAX_SCANNED);
  expect(scanSize({ limit: 10, cursor }, false)).toBe(10);
});

it("has no link back on the first page, nor on from the last", () => {
  const list = { rows: [1, 2, 3], shows: () => true };
  const [first, last] = follow(list, [2], "next", null);
  expect(first).toMatchObject({ previous: null, next: [2] });
  expect(last).toMatchObject({ previous: [3], next: null });
  const full = follow({ ...list, rows: [1, 2, 3, 4] }, [2], "next", null);
  expect(full.map(({ next }) => next)).toEqual([[2], null]);
});

it("renders absolute links that keep the query, and says when the count stopped short", () => {
  const page = {
    rows: [1, 2],
    next: [2],
    previous: null,
    total: { count: 1000, capped: true },
  };
  const url = "https://pedidos.example/api/pedidos?cliente=ACME+Corp&cursor=old&limit=2";
  const rendered = pageBody(page, url, (row) => ({ row }));
  expect(rendered).toMatchObject({ count: 1000, count_capped: true, previous: null });
  expect(rendered.results).toEqual([{ row: 1 }, { row: 2 }]);
  const next = new URL(rendered.next ?? "");
  expect(next.origin + next.pathname).toBe("https://pedidos.example/api/pedidos");
  expect(next.searchParams.get("cliente")).toBe("ACME Corp");
  expect(next.searchParams.getAll("cursor").map(readCursor)).toEqual([
    { direction: "next", key: [2], total: page.total },
  ]);
  expect(pageBody({ ...page, total: { count: 2, capped: false } }, url, String)).not.toHaveProperty(
    "count_capped",
  );
});

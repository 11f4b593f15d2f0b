/** D1's rows and the archive's are merged into one list. */
import { fitting, type Page, type PageKey, type PageRequest } from "../http/paging";
import { shownDamage } from "./find";
import type { ArchivePage, Place } from "./walk";
import { comparePlaces } from "./walk";

/**
 * MergedPage is a page with rows of the archive among it, and tells what of the archive could not
 * be read.
 */
export type MergedPage<Row> = Page<Row> & { damage: ReturnType<typeof shownDamage>[] };

/** ArchivedRows are the rows of an archive's page, as the merged list has them. */
export interface ArchivedRows<Row> extends Pick<ArchivePage, "end" | "damage"> {
  rows: Row[];
}

/**
 * The rows up to where both were looked at, as many as a page holds; D1 was looked at first, so that
 * what leaves it meanwhile is in one of the two. `isUpwards`: the walk was from small places to large
 * ones.
 */
export function mergePages<Row>(
  hot: Page<Row>,
  archived: ArchivedRows<Row>,
  { cursor, limit, maxBytes = Infinity }: PageRequest,
  isUpwards: boolean,
  keyOf: (row: Row) => PageKey,
): MergedPage<Row> {
  const compare = (a: Place, b: Place) => (isUpwards ? 1 : -1) * comparePlaces(a, b);
  const isBack = cursor?.direction === "previous";
  const ends = [isBack ? hot.previous : hot.next, archived.end].filter((end) => end !== null);
  const bound = ends.toSorted(compare)[0] ?? null;
  const inHot = new Set(hot.rows.map((row) => JSON.stringify(keyOf(row))));
  const older = archived.rows.filter((row) => !inHot.has(JSON.stringify(keyOf(row))));
  const all = [...hot.rows, ...older]
    .filter((row) => bound === null || compare(keyOf(row), bound) <= 0)
    .toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const sizes = all.map((row) => ({ bytes: maxBytes === Infinity ? 0 : sizeOf(row) }));
  const rows = all.slice(0, Math.min(limit, fitting(sizes, maxBytes)));
  const [first, last] = [rows.at(0), rows.at(-1)];
  const onward = all.length > rows.length && last ? keyOf(last) : bound && [...bound];
  const back = cursor && (first ? keyOf(first) : cursor.key);
  return {
    rows: isBack ? rows.toReversed() : rows,
    next: isBack ? back : onward,
    previous: isBack ? onward : back,
    total: cursor
      ? hot.total
      : { count: hot.total.count + older.length, capped: hot.total.capped || bound !== null },
    damage: archived.damage.map(shownDamage),
  };
}

/** Returns about how many bytes a row has, by its texts. */
function sizeOf(row: unknown): number {
  return Object.values(row as object).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? value.length : 0),
    0,
  );
}

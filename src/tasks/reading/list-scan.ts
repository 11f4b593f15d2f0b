/** A list's plan is read a bounded number of rows at a time. */
import { statement } from "../../db/sql";
import {
  cutPage,
  MAX_SCANNED,
  MAX_SORTED,
  type Page,
  type PageRequest,
  scanPage,
} from "../../http/paging";
import { GIST_SOURCE } from "./error-gist";
import { heldBy, LEASES, readLeases } from "../model/leases";
import type { Looked, Scan } from "./list-plan";
import { LARGE_BYTES } from "../model/queries";
import { OPEN } from "../model/states";

/** Reads the open rows of the range; if there are too many to sort, only those met first. */
export async function lookAtOpenRows(
  db: D1Database,
  scan: Scan,
): Promise<{ rows: Looked[]; isPart: boolean }> {
  const rows = await look(
    db,
    scan,
    `SELECT ${lookedOf(scan)}, ${scan.range.sql} AND ${scan.ids.sql} AS is_within
     FROM (SELECT ${COLUMNS} FROM tasks INDEXED BY tasks_open WHERE ${OPEN} LIMIT ${MAX_SORTED + 1})`,
  );
  return { rows: rows.filter(({ is_within }) => is_within), isPart: rows.length > MAX_SORTED };
}

export function sortOpen(rows: Looked[], request: PageRequest, { isUpwards }: Scan): Page<Looked> {
  const sorted = rows.toSorted((a, b) => (a.id < b.id === isUpwards ? -1 : 1));
  return cutPage(sorted, request, MAX_SCANNED, ({ id }) => [id]);
}

/** Reads a page of the plan's index, in order of id. */
export function walk(db: D1Database, scan: Scan, request: PageRequest): Promise<Page<Looked>> {
  const { index, range, ids, match, texts, tests, isUpwards } = scan;
  const isFiltered = !match.isEmpty || texts.length > 0 || tests.length > 0;
  return scanPage(
    request,
    isFiltered,
    ({ id }) => [id],
    (limit, last) => {
      if (last) {
        ids[isUpwards ? "above" : "below"](last.id);
      }
      return look(
        db,
        scan,
        `SELECT ${lookedOf(scan)}, 1 AS is_within
         FROM (SELECT ${COLUMNS} FROM tasks ${index} WHERE ${range.sql} AND ${ids.sql}
           ORDER BY id ${isUpwards ? "ASC" : "DESC"} LIMIT ${limit})`,
      );
    },
  );
}

const COLUMNS = `id, queue, status, started_at, progress, user, module, name, worker, subject, error_code,
  error_message, discard_reason, external_id, ${LARGE_BYTES} AS bytes`;

const lookedOf = ({ match, readsError }: Scan) => `id, name, module, queue, started_at, progress,
  worker, bytes,
  ${match.sql} AS hit, ${readsError ? `error_code, ${GIST_SOURCE}` : "NULL AS error_code, NULL"}
  AS message`;

/** Reads rows, and the leases of the same moment if these decide what is a hit. */
async function look(
  db: D1Database,
  { range, ids, match, tests, texts }: Scan,
  sql: string,
): Promise<(Looked & { is_within: number })[]> {
  const rows = statement(db, sql, match.values, range.values, ids.values);
  const [found, leases] = await db.batch<Looked & { is_within: number }>(
    tests.length > 0 ? [rows, LEASES.on(db)] : [rows],
  );
  const holders = heldBy(readLeases(leases));
  return (found?.results ?? []).map((row) => {
    const isHit =
      row.hit === 1 &&
      texts.every((test) => test(row)) &&
      tests.every((test) => test(row, holders.get(row.id)));
    return { ...row, hit: Number(isHit) };
  });
}

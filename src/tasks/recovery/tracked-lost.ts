/**
 * Tracked work that no longer reports is lost: it fails, so that whoever waits for it learns so.
 */
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { countSql } from "../model/counts";
import { notifyLostSql } from "../model/notify";
import { TOLD, type ToldRow } from "../model/publish";
import { silenceSql } from "../model/silence";
import { OPEN, STARTED_ELSEWHERE, TRACKED } from "../model/states";
import { COUNTED_AS } from "../model/tracked-names";

export const LOST_PER_RUN = 500;
const SILENT = `id IN (SELECT id FROM tasks INDEXED BY tasks_open
  WHERE queue = '${TRACKED}' AND check_at <= :now AND ${OPEN} ORDER BY check_at LIMIT ${LOST_PER_RUN})`;
const MESSAGE = `'No report for ' || (${silenceSql()} / 1000) || ' s'`;
const COUNT_LOST = sql(
  countSql({ failure: "count(*)" }, `FROM tasks WHERE ${SILENT}`, COUNTED_AS),
  ["now"],
);
const NOTIFY_LOST = sql(notifyLostSql(SILENT, MESSAGE), ["now"]);
const LOSE = sql(
  `
UPDATE tasks SET status = 'FAILURE', attempts = ${STARTED_ELSEWHERE}, finished_at = :now,
  error_code = 'lost', error_message = ${MESSAGE}
WHERE ${SILENT}
RETURNING ${TOLD}`,
  ["now"],
);

/** Ends tracked work that has been silent for too long, and returns its rows. */
export async function loseSilent(db: D1Database, now: number): Promise<ToldRow[]> {
  const statements = [COUNT_LOST, NOTIFY_LOST, LOSE];
  const results = await retryD1(db, () =>
    db.batch<ToldRow>(statements.map((statement) => statement.on(db, { now }))),
  );
  return results.at(-1)?.results ?? [];
}

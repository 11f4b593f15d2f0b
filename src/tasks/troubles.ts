/** What the latest failures, and the tasks that are open, tell of trouble: each from a bounded look. */
import { OPEN } from "./states";

const MAX_FAILURES = 1000;
const MAX_OPEN = 500;

export interface ErrorCount {
  code: string;
  count: number;
  /** Of these, nobody has given up on so many. */
  undiscarded: number;
  /** Of the latest of them. */
  message: string;
}

// The columns beside max(id) are those of its row: SQLite says so of a query with one max().
const ERRORS = `
SELECT code, count(*) AS count, count(*) FILTER (WHERE discard_reason IS NULL) AS undiscarded,
  message, max(id) AS latest
FROM (
  SELECT id, status, module, discard_reason, coalesce(error_code, '') AS code,
    coalesce(error_message, '') AS message
  FROM tasks INDEXED BY tasks_failed
  WHERE status IN ('FAILURE','REVOKED') ORDER BY id DESC LIMIT ${MAX_FAILURES})
WHERE status = 'FAILURE' AND (?1 IS NULL OR module = ?1)
GROUP BY code ORDER BY count DESC, code`;

/** Codes of the latest failures of a module, or of all, the most frequent first. */
export async function countErrors(db: D1Database, module?: string): Promise<ErrorCount[]> {
  const { results } = await db
    .prepare(ERRORS)
    .bind(module ?? null)
    .all<ErrorCount>();
  return results;
}

export interface OpenTroubles {
  /** Open tasks that recovery had to send again. */
  resent: number;
  /** Why tasks wait for another attempt, by code. */
  waitingFor: Map<string, number>;
}

/** Of those open tasks that recovery looks at next. */
export async function readOpenTroubles(db: D1Database): Promise<OpenTroubles> {
  const { results } = await db
    .prepare(
      `SELECT error_code AS code, count(*) AS n, count(*) FILTER (WHERE resends > 0) AS resent
       FROM (SELECT error_code, resends FROM tasks INDEXED BY tasks_open WHERE ${OPEN}
         LIMIT ${MAX_OPEN})
       GROUP BY error_code`,
    )
    .all<{ code: string | null; n: number; resent: number }>();
  return {
    resent: results.reduce((sum, { resent }) => sum + resent, 0),
    waitingFor: new Map(results.flatMap(({ code, n }) => (code === null ? [] : [[code, n]]))),
  };
}

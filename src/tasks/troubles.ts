/** What the latest failures, and the tasks that are open, tell of trouble. Each looks at 1,000 rows. */
import { getTasks, type TaskView } from "./queries";
import { OPEN } from "./states";

const MAX_LOOKED = 1000;

export interface ErrorCount {
  code: string;
  count: number;
  /** Of these, nobody has given up on so many. */
  undiscarded: number;
  /** Of the latest of them. */
  message: string;
}

export interface Failures {
  /** The most frequent first. */
  errors: ErrorCount[];
  /** How many failures were looked at. */
  looked: number;
  latest: TaskView[];
}

const FAILURES = `
WITH latest AS MATERIALIZED (
  SELECT id, coalesce(error_code, '') AS code, coalesce(error_message, '') AS message, discard_reason
  FROM (
    SELECT id, status, module, error_code, error_message, discard_reason
    FROM tasks INDEXED BY tasks_failed
    WHERE status IN ('FAILURE','REVOKED') ORDER BY id DESC LIMIT ${MAX_LOOKED})
  WHERE status = 'FAILURE' AND (?2 IS NULL OR module = ?2)
)
SELECT (SELECT count(*) FROM latest) AS looked,
  (SELECT json_group_array(id) FROM (SELECT id FROM latest ORDER BY id DESC LIMIT ?1)) AS ids,
  (SELECT json_group_array(json_object('code', code, 'count', n, 'undiscarded', undiscarded,
     'message', message)) FROM (
     SELECT code, count(*) AS n, count(*) FILTER (WHERE discard_reason IS NULL) AS undiscarded,
       message, max(id)
     FROM latest GROUP BY code ORDER BY n DESC, code)) AS errors`;

/** Of a module, or of all: the codes of the latest failures, and the first of these themselves. */
export async function readFailures(
  db: D1Database,
  { shown, module }: { shown: number; module?: string },
): Promise<Failures> {
  const row = await db
    .prepare(FAILURES)
    .bind(shown, module ?? null)
    .first<{ looked: number; ids: string; errors: string }>();
  return {
    looked: row?.looked ?? 0,
    errors: JSON.parse(row?.errors ?? "[]") as ErrorCount[],
    latest: await getTasks(db, JSON.parse(row?.ids ?? "[]") as string[]),
  };
}

export interface OpenTroubles {
  /** Open tasks that recovery had to send again. */
  resent: number;
  /** Why tasks wait for another attempt, by code. */
  waitingFor: Map<string, number>;
}

/** Of the open tasks, the first 1,000 of the index. */
export async function readOpenTroubles(db: D1Database): Promise<OpenTroubles> {
  const { results } = await db
    .prepare(
      `SELECT error_code AS code, count(*) AS n, count(*) FILTER (WHERE resends > 0) AS resent
       FROM (SELECT error_code, resends FROM tasks INDEXED BY tasks_open WHERE ${OPEN}
         LIMIT ${MAX_LOOKED})
       GROUP BY error_code`,
    )
    .all<{ code: string | null; n: number; resent: number }>();
  return {
    resent: results.reduce((sum, { resent }) => sum + resent, 0),
    waitingFor: new Map(results.flatMap(({ code, n }) => (code === null ? [] : [[code, n]]))),
  };
}

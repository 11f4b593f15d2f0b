import { sql } from "../../db/sql";
import { MAX_SCANNED } from "../../http/paging";
import { batchRange } from "../../lib/ids";

/**
 * BatchProgress says how far the tasks of a batch got, or the first MAX_SCANNED of a larger one.
 */
export interface BatchProgress {
  counted: number;
  /** Whether there are more tasks than `counted`. */
  capped: boolean;
  ended: number;
  success: number;
  failure: number;
  revoked: number;
  /** Whether some of those counted have not ended. */
  open: boolean;
}

const COUNT = sql(
  `SELECT count(*) AS counted,
     count(*) FILTER (WHERE status = 'SUCCESS') AS success,
     count(*) FILTER (WHERE status = 'FAILURE') AS failure,
     count(*) FILTER (WHERE status = 'REVOKED') AS revoked
   FROM (SELECT status FROM tasks WHERE id BETWEEN :first AND :last ORDER BY id
     LIMIT ${MAX_SCANNED + 1})`,
  ["first", "last"],
);

/** Counts how far a batch got; null when there is no such batch. */
export async function batchProgress(
  db: D1Database,
  batchId: string,
): Promise<BatchProgress | null> {
  const [first, last] = batchRange(batchId);
  const count = COUNT.on(db, { first, last });
  const row =
    await count.first<Pick<BatchProgress, "counted" | "success" | "failure" | "revoked">>();
  if (!row || row.counted === 0) {
    return null;
  }
  const ended = row.success + row.failure + row.revoked;
  const capped = row.counted > MAX_SCANNED;
  return { ...row, capped, ended, open: ended < row.counted };
}

import type { ArchiveEnv } from "../../archive/find";
import { mayBeArchived } from "../../archive/manifest";
import { walkArchive } from "../../archive/walk";
import { sql } from "../../db/sql";
import { MAX_SCANNED } from "../../http/paging";
import { batchRange, idBeside } from "../../lib/ids";

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

type Counts = Pick<BatchProgress, "counted" | "success" | "failure" | "revoked">;

/** Counts how far a batch got, archived or not; null when there is no such batch. */
export async function batchProgress(
  env: ArchiveEnv,
  batchId: string,
): Promise<BatchProgress | null> {
  const [first, last] = batchRange(batchId);
  const here = await COUNT.on(env.DB, { first, last }).first<Counts>();
  const left = MAX_SCANNED + 1 - (here?.counted ?? 0);
  const archived = left > 0 ? await countArchived(env, batchId, left) : NONE;
  const row = here && {
    counted: here.counted + archived.counted,
    success: here.success + archived.success,
    failure: here.failure + archived.failure,
    revoked: here.revoked + archived.revoked,
  };
  if (!row || row.counted === 0) {
    return null;
  }
  const ended = row.success + row.failure + row.revoked;
  const capped = row.counted > MAX_SCANNED;
  return { ...row, capped, ended, open: ended < row.counted };
}

const NONE: Counts = { counted: 0, success: 0, failure: 0, revoked: 0 };

/** Of tasks that left D1, so many at most. */
async function countArchived(env: ArchiveEnv, lote: string, most: number): Promise<Counts> {
  const [first, last] = batchRange(lote);
  const range = { from: first, before: idBeside(last, 1) };
  if (!(await mayBeArchived(env.DB, { ids: range }))) {
    return NONE;
  }
  const { records } = await walkArchive(env, {
    order: "id",
    isUpwards: true,
    after: null,
    ...range,
    mayHold: () => true,
    matches: () => true,
    limit: most,
  });
  const states = records.slice(0, most).map(({ rows }) => rows.task["status"]);
  const count = (status: string) => states.filter((each) => each === status).length;
  return {
    counted: states.length,
    success: count("SUCCESS"),
    failure: count("FAILURE"),
    revoked: count("REVOKED"),
  };
}

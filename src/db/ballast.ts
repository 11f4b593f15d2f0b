/**
 * Room for what must be written on a full database: a deletion that leaves a trace. The traces of
 * few deletions fill a page, and the deletions seldom free one, so pages of zeros are kept to be
 * freed for them. The cron puts them back once there is room.
 */
import { configOf } from "../config";
import { isDatabaseFull, logFailure } from "./full";
import { takesWork } from "./storage";

const PIECES = 256;
/** More than fits into a page beside others: each takes one of its own. */
const PIECE_BYTES = 4096;
/** Freed at a time: a row may split the pages above its own, of its index too. */
const FREED = 8;

const KEEP = `
WITH RECURSIVE pieces (piece) AS (VALUES (1) UNION ALL SELECT piece + 1 FROM pieces WHERE piece < ${PIECES})
INSERT INTO ballast (piece, zeros) SELECT piece, zeroblob(${PIECE_BYTES}) FROM pieces WHERE true
ON CONFLICT DO NOTHING`;

const FREE = `
DELETE FROM ballast WHERE piece IN (SELECT piece FROM ballast ORDER BY piece DESC LIMIT ${FREED})`;

/** Never rejects: it is for later. */
export async function keepBallast(env: Env): Promise<void> {
  try {
    const { results, meta } = await env.DB.prepare("SELECT count(*) AS n FROM ballast").all();
    const storage = { bytes: meta.size_after, limit: configOf(env).databaseMaxBytes };
    if (results[0]?.["n"] !== PIECES && takesWork(storage)) {
      await env.DB.prepare(KEEP).run();
    }
  } catch (error) {
    logFailure("ballast.not_kept", error);
  }
}

/** Runs a write that may be repeated; on a full database, once more after making a little room. */
export async function withBallast<T>(db: D1Database, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDatabaseFull(error)) {
      throw error;
    }
    await db.prepare(FREE).run();
    return write();
  }
}

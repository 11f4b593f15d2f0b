/**
 * The ballast is pages of zeros that are deleted from a full database to make room for what must
 * still be written: the audit entry of a deletion. A deletion alone seldom frees a whole page. The
 * cron puts the ballast back once there is room.
 */
import { configOf } from "../config";
import { isDatabaseFull, logFailure } from "./full";
import { takesWork } from "./storage";

const PIECES = 256;
/** A piece this large shares its page with no other, so that deleting it frees a page. */
const PIECE_BYTES = 4096;
/**
 * Several pieces are freed at a time, as one new row may split pages of its table and its index.
 */
const FREED = 8;

const KEEP = `
WITH RECURSIVE pieces (piece) AS (VALUES (1) UNION ALL SELECT piece + 1 FROM pieces WHERE piece < ${PIECES})
INSERT INTO ballast (piece, zeros) SELECT piece, zeroblob(${PIECE_BYTES}) FROM pieces WHERE true
ON CONFLICT DO NOTHING`;

const FREE = `
DELETE FROM ballast WHERE piece IN (SELECT piece FROM ballast ORDER BY piece DESC LIMIT ${FREED})`;

/** Stores the ballast where it is lacking and there is room. Never rejects: it is for later. */
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

/**
 * Runs a write that is safe to repeat. A full database gets some room, and the write a second try.
 */
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

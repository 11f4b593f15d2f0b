import { sql } from "../db/sql";

const ATTEMPTS_KEPT_MS = 3_600_000;

const EXPIRED_SESSIONS = sql("DELETE FROM sessions WHERE expires_at < :now");
const OLD_ATTEMPTS = sql("DELETE FROM sign_in_attempts WHERE window_start < :before");

/** Deletes expired sessions and old counters of sign-in attempts; the cron calls it. */
export async function deleteExpired(db: D1Database, now: number): Promise<void> {
  await db.batch([
    EXPIRED_SESSIONS.on(db, { now }),
    OLD_ATTEMPTS.on(db, { before: now - ATTEMPTS_KEPT_MS }),
  ]);
}

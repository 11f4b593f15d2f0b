const ATTEMPTS_KEPT_MS = 3_600_000;

/** Housekeeping for the cron: sessions past their end and counters of old sign-in attempts. */
export async function deleteExpired(db: D1Database, now: number): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM sessions WHERE expires_at < ?").bind(now),
    db.prepare("DELETE FROM sign_in_attempts WHERE window_start < ?").bind(now - ATTEMPTS_KEPT_MS),
  ]);
}

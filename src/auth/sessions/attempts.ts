import { AppError } from "../../http/errors";

const WINDOW_MS = 60_000;
const MAX_ATTEMPTS = 20;
/** A window ahead is of a clock that went back since. */
const IS_OVER = "window_start <= ?3 OR window_start > ?2";

/**
 * Counts an attempt to give a password before it is checked, so that parallel guesses cannot slip
 * past; `returnAttempt` takes it back when the password was right. One D1 row per address holds the
 * count for all isolates. `address` is a client IP, or an IPv6 /64.
 * Throws 429 `too_many_attempts` with Retry-After past 20 failures a minute.
 */
export async function takeAttempt(db: D1Database, address: string, now: number): Promise<void> {
  const row = await db
    .prepare(
      `INSERT INTO sign_in_attempts (address, window_start, attempts) VALUES (?1, ?2, 1)
       ON CONFLICT (address) DO UPDATE SET
         attempts = CASE WHEN ${IS_OVER} THEN 1 ELSE attempts + 1 END,
         window_start = CASE WHEN ${IS_OVER} THEN ?2 ELSE window_start END
       RETURNING window_start AS windowStart, attempts`,
    )
    .bind(address, now, now - WINDOW_MS)
    .first<{ windowStart: number; attempts: number }>();
  if (row !== null && row.attempts > MAX_ATTEMPTS) {
    const seconds = Math.max(1, Math.ceil((row.windowStart + WINDOW_MS - now) / 1000));
    throw new AppError(
      429,
      "too_many_attempts",
      `Too many failed sign-ins from this address: try again in ${seconds} s.`,
      {},
      { "retry-after": String(seconds) },
    );
  }
}

export async function returnAttempt(db: D1Database, address: string): Promise<void> {
  await db
    .prepare(
      "UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE address = ? AND attempts > 0",
    )
    .bind(address)
    .run();
}

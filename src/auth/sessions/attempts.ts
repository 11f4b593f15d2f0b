import type { RowOf } from "../../db/row";
import { sql } from "../../db/sql";
import { AppError } from "../../http/errors";
import type { signInAttempts } from "../schema";

type Attempts = RowOf<typeof signInAttempts>;

const WINDOW_MS = 60_000;
const MAX_ATTEMPTS = 20;
/** A window that begins in the future is over too: the clock has gone back since. */
const IS_OVER = "window_start <= :begun OR window_start > :now";
const TAKE = sql(`
INSERT INTO sign_in_attempts (address, window_start, attempts) VALUES (:address, :now, 1)
ON CONFLICT (address) DO UPDATE SET
  attempts = CASE WHEN ${IS_OVER} THEN 1 ELSE attempts + 1 END,
  window_start = CASE WHEN ${IS_OVER} THEN :now ELSE window_start END
RETURNING window_start AS windowStart, attempts`);
const RETURN = sql(`
UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE address = :address AND attempts > 0`);

/**
 * Counts a password attempt before the password is checked, so that parallel guesses cannot slip
 * past; `returnAttempt` uncounts it when the password was right. One D1 row per address holds the
 * count for all isolates. `address` is a client IP, or an IPv6 /64. Throws 429 `too_many_attempts`
 * with Retry-After past 20 failures a minute.
 */
export async function takeAttempt(db: D1Database, address: string, now: number): Promise<void> {
  const take = TAKE.on(db, { address, now, begun: now - WINDOW_MS });
  const row = await take.first<{
    windowStart: Attempts["window_start"];
    attempts: Attempts["attempts"];
  }>();
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
  await RETURN.on(db, { address }).run();
}

/**
 * Tells whether a time is less than `ms` ago. A time in the future is not recent: the clock has
 * gone back since, and a memory with such a time would otherwise be trusted until the clock caught
 * up.
 */
export function isRecent(at: number, ms: number, now: number): boolean {
  return at <= now && now - at < ms;
}

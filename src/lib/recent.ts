/**
 * Whether a time is less than `ms` ago. One ahead is not: it is of a clock that went back since, and
 * what is remembered from it would else be believed for as long as that clock was ahead.
 */
export function isRecent(at: number, ms: number, now: number): boolean {
  return at <= now && now - at < ms;
}

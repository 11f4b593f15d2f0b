/** A wait up to this is a delayed message; a longer one is a row that recovery sends when due. */
export const MAX_MESSAGE_WAIT_MS = 60_000;

export interface BackoffPolicy {
  baseMs: number;
  maxMs: number;
}

/**
 * Returns the n-th wait of an exponential backoff, base x 2^(n-1), and at most `maxMs`. 0-20 % of
 * jitter keeps what failed together from coming back together. `random` is in [0, 1).
 */
export function backoff(policy: BackoffPolicy, n: number, random: number): number {
  const exponential = policy.baseMs * 2 ** Math.min(Math.max(n, 1) - 1, 40);
  return Math.round(Math.min(exponential * (1 + random * 0.2), policy.maxMs));
}

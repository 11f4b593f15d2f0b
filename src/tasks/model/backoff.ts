/** Waits up to this are a delayed message; longer ones are a row that recovery sends when due. */
export const MAX_MESSAGE_WAIT_MS = 60_000;

export interface BackoffPolicy {
  baseMs: number;
  maxMs: number;
}

/**
 * Exponential backoff: base x 2^(n-1) for the n-th wait, plus 0-20 % jitter so that what failed
 * together does not come back together, capped. `random` is in [0, 1).
 */
export function backoff(policy: BackoffPolicy, n: number, random: number): number {
  const exponential = policy.baseMs * 2 ** Math.min(Math.max(n, 1) - 1, 40);
  return Math.round(Math.min(exponential * (1 + random * 0.2), policy.maxMs));
}

/** How long callers wait for answers, and how long they are told to stay away. Milliseconds. */
import { CALLS_AT_ONCE } from "./calls";

/** A caller waits so long at most, and without news of what it wants. */
export const MAX_WAIT_MS = 5000;
export const NO_NEWS_MS = 500;
/** How long a caller waits without news, in times what calls take as a rule. */
const QUIET_CALLS = 4;
/** Products of a lookup are all looked at after a call, so the more there are the more rarely. */
const LOOKED_AT_PER_MS = 100;
/** For how long callers are told to stay away. */
const AWAY_MS = { min: 500, max: 30_000 };

/** Without news. `typicalMs` is what calls take as a rule, 0 for unknown. */
export function patienceMs(typicalMs: number): number {
  return typicalMs === 0 ? MAX_WAIT_MS : Math.max(NO_NEWS_MS, QUIET_CALLS * typicalMs);
}

/** Between looks at so many products. */
export function lookEveryMs(products: number): number {
  return Math.min(products / LOOKED_AT_PER_MS, NO_NEWS_MS / 2);
}

/** From one call to the next. */
export function callEveryMs(typicalMs: number, perSecond: number | null): number {
  return Math.max(typicalMs / CALLS_AT_ONCE, 1000 / (perSecond ?? Infinity));
}

/** What is left to wait of `ms`, for whoever comes again then. */
export function awayMs(ms: number): number {
  return Math.round(Math.min(Math.max(ms, AWAY_MS.min), AWAY_MS.max));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export async function endsWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

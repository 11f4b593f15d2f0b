/** Callers wait for answers, and are told to stay away, for these times, in milliseconds. */
import { CALLS_AT_ONCE } from "./calls";

/** A caller waits MAX_WAIT_MS at most, and at least NO_NEWS_MS without news of what it wants. */
export const MAX_WAIT_MS = 5000;
export const NO_NEWS_MS = 500;
/** A caller waits without news for this many times the typical duration of a call. */
const QUIET_CALLS = 4;
/**
 * All products of a lookup are looked at after a call, so many products are looked at more rarely.
 */
const LOOKED_AT_PER_MS = 100;
/** Callers are told to stay away for no less and no more than this. */
const AWAY_MS = { min: 500, max: 30_000 };

/** Returns how long to wait without news; `typicalMs` is what a call takes, 0 if unknown. */
export function patienceMs(typicalMs: number): number {
  return typicalMs === 0 ? MAX_WAIT_MS : Math.max(NO_NEWS_MS, QUIET_CALLS * typicalMs);
}

/** Returns the pause between looks at this many products. */
export function lookEveryMs(products: number): number {
  return Math.min(products / LOOKED_AT_PER_MS, NO_NEWS_MS / 2);
}

/** Returns the time from one call to the next. */
export function callEveryMs(typicalMs: number, perSecond: number | null): number {
  return Math.max(typicalMs / CALLS_AT_ONCE, 1000 / (perSecond ?? Infinity));
}

/** Returns how long a caller that would wait `ms` stays away before it comes again. */
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

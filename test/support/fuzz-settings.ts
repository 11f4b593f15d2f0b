import { env } from "cloudflare:workers";
import type { Parameters } from "fast-check";

/** How many inputs in all, and from which seed: FUZZ_RUNS and FUZZ_SEED of the environment. */
export const FUZZ_RUNS = Number(env.FUZZ_RUNS || 20_000);
const FUZZ_SEED = Number(env.FUZZ_SEED || 20_261_122);

/** Of these are requests to any route, orders, and messages. */
export const REQUESTS = 0.65;
export const ORDERS = 0.15;
export const MESSAGES = 0.2;

/**
 * A property's part of the runs; `salt` sets it apart from others of its kind. A failure prints its
 * seed, its path and the example, shrunk.
 */
export function share<T>(numRuns: number, salt = 0): Parameters<T> {
  return { seed: FUZZ_SEED + salt, numRuns: Math.max(1, Math.ceil(numRuns)) };
}

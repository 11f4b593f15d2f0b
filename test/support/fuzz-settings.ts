import { env } from "cloudflare:workers";
import type { Parameters } from "fast-check";

/**
 * FUZZ_RUNS is how many inputs there are in all; FUZZ_RUNS and FUZZ_SEED of the environment set
 * them.
 */
export const FUZZ_RUNS = Number(env.FUZZ_RUNS || 20_000);
const FUZZ_SEED = Number(env.FUZZ_SEED || 20_261_122);

/** These are the shares of requests to any route, of orders, and of messages. */
export const REQUESTS = 0.65;
export const ORDERS = 0.15;
export const MESSAGES = 0.2;

/**
 * Returns the settings of a property that gets a share of the runs; `salt` sets it apart from
 * others of its kind. A failure prints its seed, its path and the shrunk example.
 */
export function share<T>(numRuns: number, salt = 0): Parameters<T> {
  return { seed: FUZZ_SEED + salt, numRuns: Math.max(1, Math.ceil(numRuns)) };
}

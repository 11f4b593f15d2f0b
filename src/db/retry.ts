import { systemChance } from "../lib/clock";
import { DatabaseTrouble, named } from "./trouble";

/**
 * Patience says how long D1 is asked again: the wait in milliseconds before each further try, by
 * kind of trouble. An overloaded database gets few and long waits. One that is full or not migrated
 * is not asked again.
 */
export type Patience = Record<"passing" | "overloaded", readonly number[]>;

/** ASKED is for requests: whoever waits for the answer may as well ask again. */
export const ASKED: Patience = { passing: [100, 300, 900], overloaded: [1000] };
/** UNATTENDED is for consumers and recovery, where nobody waits: five tries within 5 to 10 s. */
export const UNATTENDED: Patience = { passing: [500, 1000, 2000, 4000], overloaded: [2000, 5000] };

/** `patiences` knows the patience of each database that guarded.ts made. */
export const patiences = new WeakMap<D1Database, Patience>();

/**
 * Runs a D1 call again when D1 failed for reasons of its own. A failed write may have committed, so
 * the call must be safe to repeat. `more` allows that many tries beyond the database's patience.
 * Throws the last DatabaseTrouble.
 */
export function retryD1<T>(db: D1Database, call: () => Promise<T>, more = 0): Promise<T> {
  return retry(call, patiences.get(db) ?? UNATTENDED, more);
}

export async function retry<T>(
  call: () => Promise<T>,
  patience: Patience,
  more = 0,
  wait: (ms: number) => Promise<unknown> = sleep,
  chance = systemChance,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (thrown) {
      const error = named(thrown);
      const ms = error instanceof DatabaseTrouble ? waitAfter(tries, error, patience, more) : null;
      if (ms === null) {
        throw error;
      }
      await wait(ms * (0.75 + chance() / 2));
    }
  }
}

function waitAfter(
  tries: number,
  { kind }: DatabaseTrouble,
  patience: Patience,
  more: number,
): number | null {
  const waits = kind === "passing" || kind === "overloaded" ? patience[kind] : [];
  return waits[tries - 1] ?? (tries <= waits.length + more ? (waits.at(-1) ?? 0) : null);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

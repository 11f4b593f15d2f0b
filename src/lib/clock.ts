/**
 * Code that decides by time or chance takes them as arguments. `now` is one moment; a Clock is for
 * code that waits in between and must read the time again. The platform's clock stands still
 * between I/O.
 */

/** A Clock returns Unix milliseconds. */
export type Clock = () => number;

/** A Chance returns a number from 0 up to 1, 1 excluded. */
export type Chance = () => number;

export const systemClock: Clock = () => Date.now();
export const systemChance: Chance = () => Math.random();

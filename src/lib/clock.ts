/**
 * Time and chance as arguments of what decides by them: `now` is one moment; a Clock is for what
 * waits in between, and must read it again. The platform's clock stands still between I/O.
 */

/** Unix milliseconds. */
export type Clock = () => number;

/** From 0 up to 1, 1 excluded. */
export type Chance = () => number;

export const systemClock: Clock = () => Date.now();
export const systemChance: Chance = () => Math.random();

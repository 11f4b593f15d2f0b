/**
 * The pace is how fast the catalogue may be asked, learnt from its 429s. While there are none, calls
 * go as fast as they are answered. A 429 stops all calls for as long as it says, and sets the rate to
 * what was served in the second before. Then the rate rises: hardly at first, so that a limit is used
 * and not hit, and fast later, so that one that was lifted or misjudged is forgotten. Times are Unix
 * milliseconds.
 */
const WINDOW_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
const SLOWEST_PER_SECOND = 0.1;
/** Six calls at a time hardly get this fast, so a limit above it is none. */
const FASTEST_PER_SECOND = 1000;
const LOWER = 0.98;
/** These are shares of the rate by which it rises in a second. */
const HOLD = { rise: 0.0005, forMs: 30_000 };
const RISE = 0.05;
/** A first 429 is taken for at least this rate, as it may come in a second of few calls. */
const FIRST_PER_SECOND = 10;

export interface PaceState {
  /** The calls a second that are allowed; null while no limit is known. */
  perSecond: number | null;
  pausedUntil: number;
}

export class Pace {
  #perSecond: number | null;
  #pausedUntil: number;
  #nextAt = 0;
  #limitedAt = -Infinity;
  #raisedAt = 0;
  #limitedInARow = 0;
  /** The times at which calls were served in the last second. */
  #served: number[] = [];

  constructor({ perSecond, pausedUntil }: PaceState = { perSecond: null, pausedUntil: 0 }) {
    this.#perSecond = perSecond;
    this.#pausedUntil = pausedUntil;
  }

  get state(): PaceState {
    return { perSecond: this.#perSecond, pausedUntil: this.#pausedUntil };
  }

  /** The number of times it was told to wait since a call was last served. */
  get limitedInARow(): number {
    return this.#limitedInARow;
  }

  /** Returns the milliseconds until the next call may start; 0 for now. */
  waitMs(now: number): number {
    return Math.max(this.#pausedUntil - now, this.#nextAt - now, 0);
  }

  started(now: number): void {
    if (this.#perSecond !== null) {
      this.#nextAt = Math.max(this.#nextAt, now) + WINDOW_MS / this.#perSecond;
    }
  }

  /** Notes that a call was answered, whatever it said. */
  served(now: number): void {
    this.#limitedInARow = 0;
    this.#served = [...this.#lately(now), now];
    if (this.#perSecond !== null) {
      const rise = now - this.#limitedAt < HOLD.forMs ? HOLD.rise : RISE;
      const seconds = Math.min(Math.max(now - this.#raisedAt, 0), HOLD.forMs) / 1000;
      this.#raisedAt = now;
      const risen = this.#perSecond * (1 + rise) ** seconds;
      this.#perSecond = risen > FASTEST_PER_SECOND ? null : risen;
    }
  }

  limited(retryAfterMs: number | null, now: number): void {
    if (now >= this.#pausedUntil) {
      // Only the first of the calls that were under way together says something new.
      this.#limitedInARow += 1;
      const again = now - this.#limitedAt < HOLD.forMs;
      const served = Math.max(this.#lately(now).length, again ? 1 : FIRST_PER_SECOND);
      const known = (this.#perSecond ?? Infinity) * LOWER;
      this.#perSecond = Math.max(Math.min(served, known), SLOWEST_PER_SECOND);
      this.#limitedAt = this.#raisedAt = now;
    }
    const grown = FIRST_PAUSE_MS * 2 ** Math.min(Math.max(this.#limitedInARow, 1) - 1, 10);
    const pause = retryAfterMs ?? Math.min(grown, MAX_PAUSE_MS);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause);
  }

  /** Forgets times after the clock went back, so that no call waits for a time that was. */
  setBack(): void {
    this.#pausedUntil = this.#nextAt = this.#raisedAt = 0;
    this.#limitedAt = -Infinity;
    this.#served = [];
  }

  #lately(now: number): number[] {
    return this.#served.filter((at) => now - at < WINDOW_MS);
  }
}

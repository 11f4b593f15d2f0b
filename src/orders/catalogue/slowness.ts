/** Slowness is which products take much longer than a typical call. Times are milliseconds. */
import { dropFirst } from "../../lib/drop-first";

/** A call is slow at this many times the typical duration, but never below half a second. */
const TIMES_TYPICAL = 4;
const SLOW_MS = 500;
/** The median duration of this many answers is the typical one. */
const TIMED = 31;
const MAX_SLOW = 1000;

export class Slowness {
  readonly #slow = new Set<string>();
  /** The durations of the latest answers. */
  #timed: number[] = [];
  #typicalMs = 0;

  /** The typical duration of a call; 0 while nothing was answered. */
  get typicalMs(): number {
    return this.#typicalMs;
  }

  /** The duration from which on a call is slow; Infinity while nothing was answered. */
  get afterMs(): number {
    return this.#typicalMs === 0 ? Infinity : Math.max(SLOW_MS, TIMES_TYPICAL * this.#typicalMs);
  }

  isSlow(product: string): boolean {
    return this.#slow.has(product);
  }

  /** Notes that a product's call was given up. */
  dropped(product: string): void {
    this.#slow.add(product);
    dropFirst(this.#slow, MAX_SLOW);
  }

  answered(product: string, ms: number): void {
    if (ms <= this.afterMs) {
      this.#slow.delete(product);
    }
    this.#timed = [...this.#timed.slice(1 - TIMED), Math.max(ms, 1)];
    const sorted = this.#timed.toSorted((a, b) => a - b);
    this.#typicalMs = sorted[sorted.length >> 1] ?? 0;
  }
}

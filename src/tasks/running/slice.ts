/**
 * A slice of a long walk: the stretch of it that one run does before it goes on in a fresh
 * invocation. Ended by time it takes no consumer long; ended by pages too, it stays within the 1,000
 * queries that D1 answers an invocation, however quick they are.
 */
import type { Clock } from "../../lib/clock";
import { isRecent } from "../../lib/recent";

const SLICE_MS = 25_000;
/** A page asks D1 up to a dozen times. */
const SLICE_PAGES = 75;

export class Slice {
  readonly #clock: Clock;
  readonly #since: number;
  #done = 0;

  constructor(
    clock: Clock,
    readonly ms = SLICE_MS,
    readonly pages = SLICE_PAGES,
  ) {
    this.#clock = clock;
    this.#since = clock();
  }

  /** Counts a page; one that asks for more than a dozen queries counts as several. */
  turn(pages = 1): void {
    this.#done += pages;
  }

  /** Whether it should end. */
  get isOver(): boolean {
    return this.isSpent || !isRecent(this.#since, this.ms, this.#clock());
  }

  /** Whether it must: the next page might be one query too many. */
  get isSpent(): boolean {
    return this.#done >= this.pages;
  }
}

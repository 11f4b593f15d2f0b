/**
 * A slice is the stretch of a long walk that one run does before it goes on in a fresh invocation.
 * Its time is bounded, so that it takes no consumer long. Its pages are bounded too, so that a quick
 * one stays within the 1,000 queries that D1 answers an invocation.
 */
import type { Clock } from "../../lib/clock";
import { isRecent } from "../../lib/recent";

const SLICE_MS = 25_000;
/** This many pages fit into an invocation, as a page asks D1 up to a dozen times. */
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

  /** Tells whether the slice should end. */
  get isOver(): boolean {
    return this.isSpent || !isRecent(this.#since, this.ms, this.#clock());
  }

  /** Tells whether the slice must end, as its next page might be one query too many. */
  get isSpent(): boolean {
    return this.#done >= this.pages;
  }
}

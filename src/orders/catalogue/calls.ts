/** Calls are those under way: six at a time, of which slow products have half at most. */
import type { Asked } from "./judgement";

export const CALLS_AT_ONCE = 6;
const SLOW_AT_ONCE = 3;

export interface Call {
  asked: Asked;
  startedAt: number;
  slow: boolean;
  drop: AbortController;
}

export class Calls {
  readonly #calls = new Map<string, Call>();

  get isIdle(): boolean {
    return this.#calls.size === 0;
  }

  get isFull(): boolean {
    return this.#calls.size >= CALLS_AT_ONCE;
  }

  get underWay(): Asked[] {
    return [...this.#calls.values()].map(({ asked }) => asked);
  }

  /** The calls for products that were not known to be slow when they began. */
  get fast(): Call[] {
    return [...this.#calls.values()].filter(({ slow }) => !slow);
  }

  /**
   * What the next call may be for. Slow products come first while they have none, lest they starve.
   */
  get turns(): ("slow" | "fast")[] {
    const slow = this.#calls.size - this.fast.length;
    return [
      ...(slow === 0 ? (["slow"] as const) : []),
      "fast",
      ...(slow < SLOW_AT_ONCE ? (["slow"] as const) : []),
    ];
  }

  isFor(product: string): boolean {
    return this.#calls.has(product);
  }

  /** Returns how long a product's call has been under way, in milliseconds; 0 for none. */
  ageMs(product: string, now: number): number {
    return now - (this.#calls.get(product)?.startedAt ?? now);
  }

  add(call: Call): void {
    this.#calls.set(call.asked.product, call);
  }

  remove({ asked }: Call): void {
    this.#calls.delete(asked.product);
  }
}

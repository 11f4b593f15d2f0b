/** The calls under way: so many at a time, of which those for slow products have half at most. */
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

  /** Those that were not known to be slow as they began. */
  get fast(): Call[] {
    return [...this.#calls.values()].filter(({ slow }) => !slow);
  }

  /** What a next one may be for. The slow have one place before all others, or they would wait for ever. */
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

  /** How long a product's has been under way; 0 for none. */
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

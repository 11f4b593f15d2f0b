import { dropFirst } from "../../lib/drop-first";
import type { Product } from "./product";

/** Answer is what the catalogue says of a product, and when it was asked, in Unix milliseconds. */
export type Answer = { askedAt: number } & (
  | { kind: "product"; product: Product }
  | { kind: "unknown" }
  | { kind: "refused"; why: string }
);

const MAX_ANSWERS = 20_000;

/** Answers holds the latest answer on each product. */
export class Answers {
  /** The answers, in the order in which they were kept, so that the oldest are dropped first. */
  readonly #answers = new Map<string, Answer>();

  get(product: string): Answer | undefined {
    return this.#answers.get(product);
  }

  keep(product: string, answer: Answer): void {
    this.#answers.delete(product);
    this.#answers.set(product, answer);
    dropFirst(this.#answers, MAX_ANSWERS);
  }

  clear(): void {
    this.#answers.clear();
  }
}

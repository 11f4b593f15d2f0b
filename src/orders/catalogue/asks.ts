/**
 * What is still to be asked, in turns: of the senders, of each sender's orders, and within an order
 * of its products. So neither a sender of many orders nor an order of many lines takes every call,
 * and an order that is doomed takes none.
 */

/** An order that needs products. Times are Unix milliseconds. */
export interface Need {
  /** The order's task. */
  taskId: string;
  /** Whose order it is, for fair turns. */
  sender: string;
  products: string[];
  /** Answers to calls that began before this are too old for it. */
  notBefore: number;
}

/** What is to become of a product of an order: see `next`. */
export type Verdict = "ask" | "later" | "paused" | "settled" | "doomed";

interface Waiting extends Need {
  seenAt: number;
}

/** An order that nobody brought again for this long has gone elsewhere. */
const FORGOTTEN_MS = 300_000;
const MAX_ORDERS = 5000;
const MAX_PRODUCTS = 200_000;

export class Asks {
  readonly #senders = new Map<string, Map<string, Waiting>>();
  readonly #senderOf = new Map<string, string>();
  #products = 0;

  get orders(): number {
    return this.#senderOf.size;
  }

  /** Products over all orders, each as often as it is needed. */
  get products(): number {
    return this.#products;
  }

  /** Gives an order its turn, or keeps the one it has; what does not fit has to come again. */
  keep(need: Need, now: number): void {
    const turn = this.#find(need.taskId);
    if (turn) {
      turn.seenAt = now;
    } else if (
      this.#senderOf.size < MAX_ORDERS &&
      this.#products + need.products.length <= MAX_PRODUCTS
    ) {
      const own = this.#senders.get(need.sender) ?? new Map<string, Waiting>();
      own.set(need.taskId, { ...need, seenAt: now });
      this.#senders.set(need.sender, own);
      this.#senderOf.set(need.taskId, need.sender);
      this.#products += need.products.length;
    }
  }

  remove(taskId: string): void {
    const sender = this.#senderOf.get(taskId);
    const own = sender === undefined ? undefined : this.#senders.get(sender);
    const turn = own?.get(taskId);
    if (sender === undefined || !own || !turn) {
      return;
    }
    this.#products -= turn.products.length;
    this.#senderOf.delete(taskId);
    own.delete(taskId);
    if (own.size === 0) {
      this.#senders.delete(sender);
    }
  }

  clear(): void {
    this.#senders.clear();
    this.#senderOf.clear();
    this.#products = 0;
  }

  /** Whether any product may be asked now. */
  some(test: (product: string, need: Need) => boolean): boolean {
    for (const own of this.#senders.values()) {
      for (const turn of own.values()) {
        if (turn.products.some((product) => test(product, turn))) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * The next product to ask whose turn it is and of which `judge` says "ask"; "later" and "paused" leave it in
   * its place, "settled" takes it off its order, "doomed" takes the whole order off.
   */
  next(judge: (product: string, need: Need) => Verdict, now: number): string | undefined {
    for (const [sender, own] of this.#senders) {
      for (const turn of own.values()) {
        const found = this.#nextOf(turn, judge, now);
        if (found !== undefined) {
          own.delete(turn.taskId);
          own.set(turn.taskId, turn);
          this.#senders.delete(sender);
          this.#senders.set(sender, own);
          return found;
        }
      }
    }
    return undefined;
  }

  #nextOf(
    turn: Waiting,
    judge: (product: string, need: Need) => Verdict,
    now: number,
  ): string | undefined {
    let found: string | undefined;
    const left: string[] = [];
    let gone = now - turn.seenAt > FORGOTTEN_MS;
    for (const product of turn.products) {
      const verdict = found === undefined && !gone ? judge(product, turn) : "later";
      gone ||= verdict === "doomed";
      if (verdict === "ask") {
        found = product;
      }
      if (verdict !== "settled") {
        left.push(product);
      }
    }
    this.#products += left.length - turn.products.length;
    turn.products = left;
    if (gone || left.length === 0) {
      this.remove(turn.taskId);
      return undefined;
    }
    return found;
  }

  #find(taskId: string): Waiting | undefined {
    const sender = this.#senderOf.get(taskId);
    return sender === undefined ? undefined : this.#senders.get(sender)?.get(taskId);
  }
}

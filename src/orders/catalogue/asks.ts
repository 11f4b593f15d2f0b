/**
 * What is still to be asked, in turns: of the senders, and of each sender's orders, whose large ones
 * have turns of their own. So neither a sender of many orders nor an order of many lines takes every
 * call, and an order that is doomed takes none.
 *
 * An answer is kept, and good for an order, for so long only. So orders begin no sooner than there is
 * room to ask all they need in that time, and those that began get on at the same rate: a share of
 * its products each turn. The others stand in line.
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
  /** Products it came with. */
  size: number;
  /** Products asked since its turn came. */
  asked: number;
}

/** Orders of one sender and of one kind, large or small. */
interface Lane {
  /** Being asked for, whose turn it is first. */
  begun: Map<string, Waiting>;
  /** Products that those came with. */
  taken: number;
  /** Who came first, first. */
  line: Map<string, Waiting>;
  /** Products of those in line. */
  queued: number;
}

/** An order that nobody brought again for this long has gone elsewhere. */
const FORGOTTEN_MS = 300_000;
const MAX_ORDERS = 5000;
const MAX_PRODUCTS = 200_000;
/** An order of more products is large. */
const SMALL = 20;
/** An order has all its products in about so many turns. */
const TURNS = 20;

export class Asks {
  /** Whose turn it is first. */
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, string>();
  #products = 0;

  get orders(): number {
    return this.#laneOf.size;
  }

  /** Products over all orders, each as often as it is needed. */
  get products(): number {
    return this.#products;
  }

  /** Gives an order its place, or keeps the one it has; what does not fit has to come again. */
  keep(need: Need, now: number): void {
    const known = this.#find(need.taskId);
    if (known) {
      known.seenAt = now;
      return;
    }
    const { length: size } = need.products;
    const name = `${size > SMALL ? "large" : "small"} ${need.sender}`;
    const lane = this.#lanes.get(name) ?? {
      begun: new Map(),
      taken: 0,
      line: new Map(),
      queued: 0,
    };
    // What one lane has never exceeds what it leaves free, so that there is room for others.
    if (
      lane.begun.size + lane.line.size < MAX_ORDERS - this.orders &&
      lane.taken + lane.queued + size <= MAX_PRODUCTS - this.#products
    ) {
      this.#lanes.set(name, lane);
      this.#laneOf.set(need.taskId, name);
      lane.line.set(need.taskId, { ...need, seenAt: now, size, asked: 0 });
      lane.queued += size;
      this.#products += size;
    }
  }

  remove(taskId: string): void {
    const name = this.#laneOf.get(taskId);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    const order = this.#find(taskId);
    if (name === undefined || !lane || !order) {
      return;
    }
    if (lane.begun.delete(taskId)) {
      lane.taken -= order.size;
    } else {
      lane.line.delete(taskId);
      lane.queued -= order.size;
    }
    this.#products -= order.products.length;
    this.#laneOf.delete(taskId);
    if (lane.begun.size + lane.line.size === 0) {
      this.#lanes.delete(name);
    }
  }

  clear(): void {
    this.#lanes.clear();
    this.#laneOf.clear();
    this.#products = 0;
  }

  /** Whether any product may be asked now. */
  some(test: (product: string, need: Need) => boolean): boolean {
    for (const { begun, line } of this.#lanes.values()) {
      for (const order of [...begun.values(), ...line.values()]) {
        if (order.products.some((product) => test(product, order))) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * The next product to ask whose turn it is and of which `judge` says "ask"; "later" and "paused"
   * leave it in its place, "settled" takes it off its order, "doomed" takes the whole order off.
   * `room` is how many products orders may have begun with.
   */
  next(
    judge: (product: string, need: Need) => Verdict,
    now: number,
    room: number,
  ): string | undefined {
    for (const [name, lane] of this.#lanes) {
      this.#begin(lane, room / this.#lanes.size);
      for (const order of lane.begun.values()) {
        const found = this.#nextOf(order, judge, now);
        if (found !== undefined) {
          order.asked += 1;
          if (order.asked * TURNS >= order.size) {
            order.asked = 0;
            lane.begun.delete(order.taskId);
            lane.begun.set(order.taskId, order);
          }
          this.#lanes.delete(name);
          this.#lanes.set(name, lane);
          return found;
        }
      }
    }
    return undefined;
  }

  /**
   * Lets those first in line begin as far as there is room, or one if none has. Some go back in
   * line when there proves to be much less.
   */
  #begin(lane: Lane, room: number): void {
    if (lane.taken > 2 * room) {
      for (const order of [...lane.begun.values()].slice(1).toReversed()) {
        if (lane.taken > room) {
          lane.begun.delete(order.taskId);
          lane.taken -= order.size;
          order.size = order.products.length;
          lane.line.set(order.taskId, order);
          lane.queued += order.size;
        }
      }
    }
    for (const [taskId, order] of lane.line) {
      if (lane.begun.size > 0 && lane.taken + order.size > room) {
        return;
      }
      lane.line.delete(taskId);
      lane.queued -= order.size;
      lane.begun.set(taskId, order);
      lane.taken += order.size;
    }
  }

  #nextOf(
    order: Waiting,
    judge: (product: string, need: Need) => Verdict,
    now: number,
  ): string | undefined {
    let found: string | undefined;
    const left: string[] = [];
    let gone = now - order.seenAt > FORGOTTEN_MS;
    for (const product of order.products) {
      const verdict = found === undefined && !gone ? judge(product, order) : "later";
      gone ||= verdict === "doomed";
      if (verdict === "ask") {
        found = product;
      }
      if (verdict !== "settled") {
        left.push(product);
      }
    }
    this.#products += left.length - order.products.length;
    order.products = left;
    if (gone || left.length === 0) {
      this.remove(order.taskId);
      return undefined;
    }
    return found;
  }

  #find(taskId: string): Waiting | undefined {
    const lane = this.#lanes.get(this.#laneOf.get(taskId) ?? "");
    return lane?.begun.get(taskId) ?? lane?.line.get(taskId);
  }
}

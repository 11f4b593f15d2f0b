/**
 * Asks holds what is still to be asked, in turns: of the senders, and of each sender's orders, whose
 * large ones have turns of their own. So neither a sender of many orders nor an order of many lines
 * takes every call, and a doomed order takes none.
 *
 * An answer is kept, and good for an order, for a limited time. So an order begins only when there is
 * room to ask all it needs in that time, and orders that began get on at the same rate: a share of
 * their products each turn. The others stand in line.
 */
import { SenderLane, type LanePlace } from "./lane";

/** Need is an order that needs products. Times are Unix milliseconds. */
export interface Need {
  /** The id of the order's task. */
  taskId: string;
  /** The sender of the order, for fair turns. */
  sender: string;
  products: string[];
  /** The earliest time of asking: answers to earlier calls are too old for it. */
  notBefore: number;
}

interface Waiting extends Need, LanePlace {
  seenAt: number;
}

/** Verdict is what is to become of a product of an order: `next` says what each means. */
export type Verdict = "ask" | "later" | "paused" | "settled" | "doomed";

/** An order that nobody brought again for this long has gone elsewhere. */
const FORGOTTEN_MS = 300_000;
const MAX_ORDERS = 5000;
const MAX_PRODUCTS = 200_000;
/** An order of more products than this is large. */
const SMALL = 20;

type Judge = (product: string, need: Need) => Verdict;

export class Asks {
  /** The lanes by kind and sender; the one whose turn it is comes first. */
  readonly #lanes = new Map<string, SenderLane<Waiting>>();
  readonly #laneOf = new Map<string, string>();
  #products = 0;

  get orders(): number {
    return this.#laneOf.size;
  }

  /** The number of products over all orders, each as often as it is needed. */
  get products(): number {
    return this.#products;
  }

  /**
   * Gives an order a place, or keeps the one it has. An order that does not fit has to come again.
   */
  keep(need: Need, now: number): void {
    const known = this.#find(need.taskId);
    if (known) {
      known.seenAt = now;
      return;
    }
    const { length: size } = need.products;
    const name = `${size > SMALL ? "large" : "small"} ${need.sender}`;
    const lane = this.#lanes.get(name) ?? new SenderLane<Waiting>();
    // A lane never holds more than it leaves free, so that there is room for other lanes.
    if (
      lane.orders < MAX_ORDERS - this.orders &&
      lane.products + size <= MAX_PRODUCTS - this.#products
    ) {
      this.#lanes.set(name, lane);
      this.#laneOf.set(need.taskId, name);
      lane.join({ ...need, seenAt: now, size, asked: 0 });
      this.#products += size;
    }
  }

  remove(taskId: string): void {
    const name = this.#laneOf.get(taskId) ?? "";
    const lane = this.#lanes.get(name);
    const order = lane?.find(taskId);
    if (!lane || !order) {
      return;
    }
    lane.leave(order);
    this.#products -= order.products.length;
    this.#laneOf.delete(taskId);
    if (lane.orders === 0) {
      this.#lanes.delete(name);
    }
  }

  clear(): void {
    this.#lanes.clear();
    this.#laneOf.clear();
    this.#products = 0;
  }

  some(test: (product: string, need: Need) => boolean): boolean {
    for (const lane of this.#lanes.values()) {
      for (const order of lane.all) {
        if (order.products.some((product) => test(product, order))) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Returns the product to ask now: the first in turn that `judge` says to "ask". "later" and "paused"
   * leave a product in its place, "settled" takes it off its order, "doomed" takes the whole order off.
   * `room` is the number of products that orders which began may have.
   */
  next(judge: Judge, now: number, room: number): string | undefined {
    for (const [name, lane] of this.#lanes) {
      lane.begin(room / this.#lanes.size);
      for (const order of lane.begun) {
        const found = this.#nextOf(order, judge, now);
        if (found !== undefined) {
          lane.asked(order);
          this.#lanes.delete(name);
          this.#lanes.set(name, lane);
          return found;
        }
      }
    }
    return undefined;
  }

  #nextOf(order: Waiting, judge: Judge, now: number): string | undefined {
    const isForgotten = now - order.seenAt > FORGOTTEN_MS;
    const { ask, left } = isForgotten ? NOTHING : lookAt(order, judge);
    this.#products += left.length - order.products.length;
    order.products = left;
    if (left.length === 0) {
      this.remove(order.taskId);
    }
    return ask;
  }

  #find(taskId: string): Waiting | undefined {
    return this.#lanes.get(this.#laneOf.get(taskId) ?? "")?.find(taskId);
  }
}

interface Look {
  /** The product to ask, if there is one. */
  ask?: string;
  /** The products that the order still needs, the one to ask included; none of a doomed order. */
  left: string[];
}

const NOTHING: Look = { left: [] };

/** Goes through an order's products up to one to ask. */
function lookAt(order: Need, judge: Judge): Look {
  const left: string[] = [];
  for (const [index, product] of order.products.entries()) {
    const verdict = judge(product, order);
    if (verdict === "doomed") {
      return NOTHING;
    }
    if (verdict === "ask") {
      return { ask: product, left: [...left, ...order.products.slice(index)] };
    }
    if (verdict !== "settled") {
      left.push(product);
    }
  }
  return { left };
}

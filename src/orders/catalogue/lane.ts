/**
 * Orders of one sender and of one kind, large or small: those being asked for, and those that stand
 * in line until there is room for all they need.
 */

/** What a lane has to know of an order. */
export interface LanePlace {
  /** The order's task. */
  taskId: string;
  /** What it still needs. */
  products: string[];
  /** Products it came with. */
  size: number;
  /** Products asked since its turn came. */
  asked: number;
}

/** An order has all its products in about so many turns. */
const TURNS = 20;

export class SenderLane<Order extends LanePlace> {
  /** Being asked for, whose turn it is first. */
  readonly #begun = new Map<string, Order>();
  /** Products that those came with. */
  #taken = 0;
  /** Who came first, first. */
  readonly #line = new Map<string, Order>();
  /** Products of those in line. */
  #queued = 0;

  get orders(): number {
    return this.#begun.size + this.#line.size;
  }

  /** Products that its orders came with. */
  get products(): number {
    return this.#taken + this.#queued;
  }

  /** The order whose turn it is comes first. */
  get begun(): Iterable<Order> {
    return this.#begun.values();
  }

  get all(): Order[] {
    return [...this.#begun.values(), ...this.#line.values()];
  }

  find(taskId: string): Order | undefined {
    return this.#begun.get(taskId) ?? this.#line.get(taskId);
  }

  join(order: Order): void {
    this.#line.set(order.taskId, order);
    this.#queued += order.size;
  }

  leave(order: Order): void {
    if (this.#begun.delete(order.taskId)) {
      this.#taken -= order.size;
    } else {
      this.#line.delete(order.taskId);
      this.#queued -= order.size;
    }
  }

  /**
   * Lets those first in line begin as far as there is room, or one if none has. Some go back in
   * line when there proves to be much less.
   */
  begin(room: number): void {
    if (this.#taken > 2 * room) {
      for (const order of [...this.#begun.values()].slice(1).toReversed()) {
        if (this.#taken > room) {
          this.leave(order);
          order.size = order.products.length;
          this.join(order);
        }
      }
    }
    for (const order of this.#line.values()) {
      if (this.#begun.size > 0 && this.#taken + order.size > room) {
        return;
      }
      this.leave(order);
      this.#begun.set(order.taskId, order);
      this.#taken += order.size;
    }
  }

  /** A product of an order that has begun was asked; after its share of them it is others' turn. */
  asked(order: Order): void {
    order.asked += 1;
    if (order.asked * TURNS >= order.size) {
      order.asked = 0;
      this.#begun.delete(order.taskId);
      this.#begun.set(order.taskId, order);
    }
  }
}

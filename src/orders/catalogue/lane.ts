/**
 * A lane is the orders of one sender and one kind, large or small: those being asked for, and those
 * that stand in line until there is room for all they need.
 */

/** LanePlace is what a lane has to know of an order. */
export interface LanePlace {
  /** The id of the order's task. */
  taskId: string;
  /** The products it still needs. */
  products: string[];
  /** The number of products it came with. */
  size: number;
  /** The number of products asked since its turn came. */
  asked: number;
}

/** An order gets all its products in about this many turns. */
const TURNS = 20;

export class SenderLane<Order extends LanePlace> {
  /** The orders being asked for; the one whose turn it is comes first. */
  readonly #begun = new Map<string, Order>();
  /** The number of products that the orders being asked for came with. */
  #taken = 0;
  /** The orders in line; the one that came first is first. */
  readonly #line = new Map<string, Order>();
  /** The number of products of the orders in line. */
  #queued = 0;

  get orders(): number {
    return this.#begun.size + this.#line.size;
  }

  /** The number of products that its orders came with. */
  get products(): number {
    return this.#taken + this.#queued;
  }

  /** The orders being asked for; the one whose turn it is comes first. */
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
   * Lets the first orders in line begin as far as there is room, or one if none has begun. Some go back
   * in line when there proves to be much less room.
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

  /** Notes that a product of an order was asked. After its share, it is others' turn. */
  asked(order: Order): void {
    order.asked += 1;
    if (order.asked * TURNS >= order.size) {
      order.asked = 0;
      this.#begun.delete(order.taskId);
      this.#begun.set(order.taskId, order);
    }
  }
}

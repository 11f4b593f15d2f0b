/**
 * A producer that keeps to the contract: a request that got no answer is sent again, with the same
 * key and body, until it gets one; now and then it also asks again for what it was answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../test/support/random.ts";
import type { Api } from "../harness/api.ts";
import { makeOrder, type Order } from "../harness/orders.ts";
import type { Accepted } from "../harness/rows.ts";

const SENDING_AT_ONCE = 3;
const MAX_PER_REQUEST = 20;
/** A pause between requests lets a kill find some on their way. */
const MAX_PAUSE_MS = 400;
/**
 * Some orders bear an earlier id, some of these with other content, and some answers are asked for
 * again.
 */
const DUPLICATES = 0.12;
const CHANGED = 0.5;
const ASKED_AGAIN = 0.1;

interface Sending {
  key: string;
  orders: Order[];
  /** The answer holds these task ids. */
  answer: string[] | null;
}

export class Producer {
  /**
   * Of the requests, a kill cut some, some were answered as before, and some put off with a 503.
   */
  readonly counts = { requests: 0, cut: 0, replayed: 0, refused: 0 };
  /** Each names answers that differ for the same key and body. */
  readonly wrongs: string[] = [];
  readonly #random: () => number;
  /**
   * This is drawn apart: which requests are sent again must not change the orders of the next
   * round.
   */
  readonly #chance: () => number;
  readonly #sendings: Sending[] = [];
  readonly #sent: Order[] = [];
  #nextId: number;

  constructor(seed: number, firstId: number) {
    this.#random = seededRandom(seed);
    this.#chance = seededRandom(seed + 1);
    this.#nextId = firstId;
  }

  /** Returns every accepted order, by the id of its task. */
  accepted(): Map<string, Order> {
    const accepted = new Map<string, Order>();
    for (const { orders, answer } of this.#sendings) {
      orders.forEach((order, index) => {
        const task = answer?.[index];
        if (task !== undefined) {
          accepted.set(task, order);
        }
      });
    }
    return accepted;
  }

  get ordersSent(): number {
    return this.#sent.length;
  }

  get unanswered(): number {
    return this.#sendings.filter(({ answer }) => answer === null).length;
  }

  /** Makes up requests that hold `count` orders, some of which repeat an id. */
  plan(count: number): void {
    for (let left = count; left > 0;) {
      const size = Math.min(left, 1 + Math.floor(this.#random() * MAX_PER_REQUEST));
      const orders = Array.from({ length: size }, () => this.#order());
      this.#sendings.push({ key: `chaos-${this.#sendings.length}`, orders, answer: null });
      left -= size;
    }
  }

  #order(): Order {
    const repeated = this.#sent[Math.floor(this.#random() * this.#sent.length)];
    let order: Order;
    if (repeated === undefined || this.#random() >= DUPLICATES) {
      order = makeOrder(this.#nextId++, this.#random);
    } else if (this.#random() < CHANGED) {
      order = makeOrder(repeated.id, this.#random);
    } else {
      order = repeated;
    }
    this.#sent.push(order);
    return order;
  }

  /** Sends what has no answer yet, in order, until all has one or the server is gone. */
  async send(api: Api, isGone: () => boolean): Promise<void> {
    const again = this.#sendings.filter(
      ({ answer }) => answer !== null && this.#chance() < ASKED_AGAIN,
    );
    const queue = [...again, ...this.#sendings.filter(({ answer }) => answer === null)];
    const sendOn = async () => {
      for (let next = queue.shift(); next && !isGone(); next = queue.shift()) {
        await sleep(this.#chance() * MAX_PAUSE_MS);
        await this.#sendOne(api, next, isGone);
      }
    };
    await Promise.all(Array.from({ length: SENDING_AT_ONCE }, sendOn));
  }

  async #sendOne(api: Api, sending: Sending, isGone: () => boolean): Promise<void> {
    this.counts.requests += 1;
    let response: Response;
    let text: string;
    try {
      response = await api.send(sending.orders, sending.key);
      text = await response.text();
    } catch (error) {
      if (!isGone()) {
        throw error;
      }
      this.counts.cut += 1;
      return;
    }
    if (response.status === 503) {
      this.counts.refused += 1;
      await sleep(500);
      return;
    }
    if (response.status !== 202) {
      throw new Error(`POST /api/pedidos answered ${response.status}: ${text.slice(0, 500)}`);
    }
    if (response.headers.has("idempotency-replayed")) {
      this.counts.replayed += 1;
    }
    const { tareas } = JSON.parse(text) as Accepted;
    const answer = tareas.map(({ task_id }) => task_id);
    if (sending.answer !== null && sending.answer.join() !== answer.join()) {
      this.wrongs.push(`two answers for ${sending.key}`);
    }
    if (answer.length !== sending.orders.length) {
      this.wrongs.push(`${sending.key}: ${answer.length} of ${sending.orders.length} accepted`);
    }
    sending.answer = answer;
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "../scripts/harness/orders.ts";
import type { Site } from "./site.ts";
import type { Watch } from "./watch.ts";

/** Sends orders to a server, and remembers when each was sent and which task it became. */
export class Sent {
  /** The time each order was sent, by its task. */
  readonly at = new Map<string, number>();
  readonly orders = new Map<string, Order>();
  readonly firstAt = performance.now();
  acceptedAt = 0;
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async send(orders: Order[], at = performance.now()): Promise<void> {
    const { tareas } = await this.#site.api.post(orders);
    this.acceptedAt = performance.now();
    for (const [index, { task_id: taskId }] of tareas.entries()) {
      const order = orders[index];
      if (order) {
        this.at.set(taskId, at);
        this.orders.set(taskId, order);
      }
    }
    this.#site.watch.add(tareas.map(({ task_id: taskId }) => taskId));
  }
}

/**
 * Posts orders in arrays of `batch`, `inFlight` requests at a time, as fast as they are accepted.
 */
export async function sendAll(
  site: Site,
  orders: readonly Order[],
  { batch, inFlight }: { batch: number; inFlight: number },
): Promise<Sent> {
  const sent = new Sent(site);
  let next = 0;
  const sendOn = async () => {
    while (next < orders.length) {
      await sent.send(orders.slice(next, (next += batch)));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sendOn));
  return sent;
}

/** Posts orders one by one, each once the one before is final. */
export async function sendAlone(
  site: Site,
  orders: readonly Order[],
  patienceMs: number,
): Promise<Sent> {
  const sent = new Sent(site);
  for (const order of orders) {
    const ended = site.watch.ended + 1;
    await sent.send([order]);
    await site.watch.until(ended, patienceMs);
  }
  return sent;
}

/** Posts orders one by one, each when it is due, whether or not earlier ones were answered. */
export async function sendPaced(site: Site, orders: readonly Order[], rate: number): Promise<Sent> {
  const sent = new Sent(site);
  const answers = orders.map(async (order, index) => {
    const due = sent.firstAt + (index * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    await sent.send([order], due);
  });
  await Promise.all(answers);
  return sent;
}

/**
 * Returns the milliseconds from sending each order to seeing it final, and the moment the last was.
 */
export function endsOf(sent: Sent, watch: Watch): { ms: number[]; lastAt: number } {
  const ends = [...sent.at].map(([taskId, at]) => ({ at, end: watch.ends.get(taskId) ?? NaN }));
  return {
    ms: ends.map(({ at, end }) => end - at),
    lastAt: Math.max(...ends.map(({ end }) => end)),
  };
}

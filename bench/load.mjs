import { setTimeout as sleep } from "node:timers/promises";

/** Orders sent to the server: when each was sent, its task, and what the sending came to. */
class Sent {
  at = new Map();
  orders = new Map();
  firstAt = performance.now();
  acceptedAt = 0;

  note(orders, taskIds, at) {
    this.acceptedAt = performance.now();
    for (const [index, taskId] of taskIds.entries()) {
      this.at.set(taskId, at);
      this.orders.set(taskId, orders[index]);
    }
  }
}

/** Posts orders in arrays of `batch`, `inFlight` requests at a time, as fast as they are accepted. */
export async function sendAll(client, watch, orders, { batch, inFlight }) {
  const sent = new Sent();
  const starts = orders.keys().filter((index) => index % batch === 0);
  const send = async () => {
    for (const start of starts) {
      const chunk = orders.slice(start, start + batch);
      const at = performance.now();
      const taskIds = await client.postOrders(chunk);
      sent.note(chunk, taskIds, at);
      watch.add(taskIds);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, send));
  return sent;
}

/** Posts orders one by one, each once the one before is final. */
export async function sendAlone(client, watch, orders, patienceMs) {
  const sent = new Sent();
  for (const order of orders) {
    const ended = watch.ended + 1;
    const at = performance.now();
    const taskIds = await client.postOrders([order]);
    sent.note([order], taskIds, at);
    watch.add(taskIds);
    await watch.until(ended, patienceMs);
  }
  return sent;
}

/** Posts orders one by one, each when it is due, whether or not earlier ones were answered. */
export async function sendPaced(client, watch, orders, rate) {
  const sent = new Sent();
  const answers = orders.map(async (order, index) => {
    const due = sent.firstAt + (index * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const taskIds = await client.postOrders([order]);
    sent.note([order], taskIds, due);
    watch.add(taskIds);
  });
  await Promise.all(answers);
  return sent;
}

/** Milliseconds from sending an order to seeing it final, and the moment the last one was. */
export function endsOf(sent, watch) {
  const ms = [...sent.at].map(([taskId, at]) => watch.ends.get(taskId) - at);
  const lastAt = Math.max(...[...sent.at.keys()].map((taskId) => watch.ends.get(taskId)));
  return { ms, lastAt };
}

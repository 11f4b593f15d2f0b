import { assertRoom } from "../tasks/backpressure";
import { enqueue, type Enqueued } from "../tasks/enqueue";
import type { NewTask } from "../tasks/define";
import { prepareOrder } from "./prepare";
import { processOrder } from "./task";

/** Throws a 503 while the orders already accepted wait too long. To be asked before any are read. */
export async function assertRoomForOrders(env: Env): Promise<void> {
  await assertRoom(env, processOrder.queue);
}

/** Enqueues orders as sent, good or bad: a bad one fails by itself, seen and kept. */
export async function enqueueOrders(
  env: Env,
  orders: Iterable<unknown>,
  user: string | null,
  idempotency?: { key: string; identity: string },
): Promise<Enqueued> {
  return enqueue(env, processOrder, prepared(orders), {
    user,
    ...(idempotency && {
      idempotency: {
        key: `${user ?? ""} ${idempotency.key}`,
        bodyHash: idempotency.identity,
      },
    }),
  });
}

function* prepared(orders: Iterable<unknown>): Generator<NewTask> {
  for (const order of orders) {
    yield prepareOrder(order);
  }
}

import { assertRoom } from "../../tasks/accepting/backpressure";
import {
  enqueue,
  type Enqueued,
  type EnqueueOptions,
  isAnswered,
} from "../../tasks/accepting/enqueue";
import type { NewTask } from "../../tasks/model/define";
import { type OrderText, readOrderText } from "../order/order-text";
import { prepareOrder } from "../pipeline/prepare";
import { processOrder } from "../pipeline/task";

/** A request's `Idempotency-Key`, which is its sender's own. */
export interface SentKey {
  user: string | null;
  key: string;
}

/**
 * Throws a 503 while the orders already accepted wait too long, unless the key has its answer. To be
 * asked before any are read.
 */
export async function assertRoomForOrders(env: Env, sent?: SentKey): Promise<void> {
  await assertRoom(
    env,
    processOrder.queue,
    async () => sent !== undefined && (await isAnswered(env.DB, storedKey(sent), Date.now())),
  );
}

function storedKey({ user, key }: SentKey): string {
  return `${user ?? ""} ${key}`;
}

/** Enqueues orders as sent, good or bad: a bad one fails by itself, seen and kept. */
export async function enqueueSent(
  env: Env,
  orders: Iterable<OrderText>,
  user: string | null,
  idempotency?: { key: string; identity: string },
  behind?: EnqueueOptions["behind"],
): Promise<Enqueued> {
  return enqueue(env, processOrder, prepared(orders), {
    user,
    ...(behind && { behind }),
    ...(idempotency && {
      idempotency: {
        key: storedKey({ user, key: idempotency.key }),
        bodyHash: idempotency.identity,
      },
    }),
  });
}

/** Likewise for orders made here. */
export async function enqueueOrders(
  env: Env,
  orders: Iterable<unknown>,
  user: string | null,
  idempotency?: { key: string; identity: string },
): Promise<Enqueued> {
  return enqueueSent(env, written(orders), user, idempotency);
}

function* prepared(orders: Iterable<OrderText>): Generator<NewTask> {
  for (const order of orders) {
    yield prepareOrder(order);
  }
}

function* written(orders: Iterable<unknown>): Generator<OrderText> {
  for (const order of orders) {
    yield readOrderText(JSON.stringify(order));
  }
}

import { assertRoom } from "../../tasks/accepting/backpressure";
import {
  type Enqueued,
  type EnqueueOptions,
  enqueueRequest,
  isAnswered,
} from "../../tasks/accepting/enqueue";
import { TaskRequest } from "../../tasks/accepting/request";
import { type ShownId, shownIdOf } from "../order/contract";
import { type OrderText, readOrderText } from "../order/order-text";
import { prepareOrder } from "../pipeline/prepare";
import { processOrder } from "../pipeline/task";

/** A request's `Idempotency-Key`, which is its sender's own. */
interface SentKey {
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

/** Who sends orders, and how. */
interface Sender extends Pick<EnqueueOptions, "behind"> {
  user: string | null;
  /** Their key, and what tells this request's body from any other. */
  idempotency?: { key: string; identity: string } | undefined;
}

type EnqueuedOrders = "conflict" | (Exclude<Enqueued, "conflict"> & { shownIds: ShownId[] });

/**
 * Enqueues orders as sent, good or bad: a bad one fails by itself, seen and kept. Each is parsed as
 * it is taken, and of each only its row's text and its id are kept.
 */
export async function enqueueSent(
  env: Env,
  orders: Iterable<OrderText>,
  { user, idempotency, behind }: Sender,
): Promise<EnqueuedOrders> {
  const request = new TaskRequest(processOrder);
  const shownIds: ShownId[] = [];
  for (const order of orders) {
    shownIds.push(shownIdOf(order.id));
    request.add(prepareOrder(order));
  }
  const accepted = await enqueueRequest(env, request, {
    user,
    ...(behind && { behind }),
    ...(idempotency && {
      idempotency: {
        key: storedKey({ user, key: idempotency.key }),
        bodyHash: idempotency.identity,
      },
    }),
  });
  return accepted === "conflict" ? accepted : { ...accepted, shownIds };
}

/** Enqueues orders that were made here. */
export async function enqueueOrders(
  env: Env,
  orders: Iterable<unknown>,
  user: string | null,
  idempotency?: Sender["idempotency"],
): Promise<EnqueuedOrders> {
  return enqueueSent(env, written(orders), { user, idempotency });
}

function* written(orders: Iterable<unknown>): Generator<OrderText> {
  for (const order of orders) {
    yield readOrderText(JSON.stringify(order));
  }
}

import { assertRoom } from "../../tasks/accepting/backpressure";
import { isRefused, type Result } from "../../lib/result";
import {
  type Conflict,
  type Enqueued,
  enqueueOnce,
  type EnqueueOptions,
  enqueueRequest,
  isAnswered,
} from "../../tasks/accepting/enqueue";
import { TaskRequest } from "../../tasks/accepting/request";
import { type ShownId, shownIdOf } from "../order/contract";
import { type OrderText, readOrderText } from "../order/order-text";
import { prepareOrder } from "../pipeline/prepare";
import { processOrder } from "../pipeline/task";

/** SentKey is an `Idempotency-Key` of one sender; another's equal key is another key. */
interface SentKey {
  user: string | null;
  key: string;
}

/**
 * Throws a 503 while the orders already accepted wait too long, unless the key has its answer. It must
 * be called before any order is read.
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

interface Sender extends Pick<EnqueueOptions, "behind"> {
  user: string | null;
  /** The sender's key, and what tells this request's body from any other. */
  idempotency?: { key: string; identity: string } | undefined;
}

type EnqueuedOrders = Enqueued & { shownIds: ShownId[] };

/**
 * Enqueues orders as sent, good or bad: a bad one fails by itself, seen and kept. Each is parsed as it
 * is taken, and only the text of its row and its id are kept.
 */
export async function enqueueSent(
  env: Env,
  orders: Iterable<OrderText>,
  { user, idempotency, behind }: Sender,
): Promise<Result<EnqueuedOrders, Conflict>> {
  const request = new TaskRequest(processOrder);
  const shownIds: ShownId[] = [];
  for (const order of orders) {
    shownIds.push(shownIdOf(order.id));
    request.add(prepareOrder(order));
  }
  const options = { user, ...(behind && { behind }) };
  if (!idempotency) {
    return { ...(await enqueueRequest(env, request, options)), shownIds };
  }
  const { key, identity: bodyHash } = idempotency;
  const once = { key: storedKey({ user, key }), bodyHash };
  const accepted = await enqueueOnce(env, request, once, options);
  return isRefused(accepted) ? accepted : { ...accepted, shownIds };
}

/** Enqueues orders that were made by this system. */
export async function enqueueOrders(
  env: Env,
  orders: Iterable<unknown>,
  user: string | null,
): Promise<Enqueued> {
  const request = new TaskRequest(processOrder);
  for (const order of orders) {
    request.add(prepareOrder(readOrderText(JSON.stringify(order))));
  }
  return enqueueRequest(env, request, { user });
}

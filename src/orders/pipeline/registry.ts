import { hasArchive } from "../../archive/manifest";
import { logFailure } from "../../db/full";
import type { Storage } from "../../db/storage";
import { formsOf } from "../../lib/fold";
import { isRecent } from "../../lib/recent";
import { log } from "../../log";
import type { Answer, ClaimOf, Outcomes } from "./registry.do";
import { callEach, inTurn, type Layout, objectsOf, REGISTRY_LAYOUTS } from "./registry-layouts";

/** A claim's answer is "unknown" if the registry did not answer and the order must wait for it. */
export type ClaimAnswer = Answer | { state: "unknown" };

/**
 * Claims the ids, one call per object. Answers are by task id. An object that fails answers "mine" as
 * long as nothing has left D1, as the orders table still stores an id once. Afterwards it answers
 * "unknown".
 *
 * Whether anything has left is read only after a failure. That is not too late: the manifest's row is
 * written before the first order is deleted, and no order is deleted while a task with its id is
 * open, as the claiming task is.
 */
export async function claimOrders(
  env: Env,
  claims: readonly ClaimOf[],
  now: number,
  until: number,
  layouts = REGISTRY_LAYOUTS,
): Promise<Map<string, ClaimAnswer>> {
  const answers = new Map<string, ClaimAnswer>();
  const thoseIn = (state: ClaimAnswer["state"]) =>
    claims.filter(({ taskId }) => answers.get(taskId)?.state === state);
  let open = claims;
  for (const layout of inTurn(layouts)) {
    await callEach(env, layout, open, async ({ stub, shard }, share) => {
      let states: ClaimAnswer[] = [];
      try {
        states = await stub.claimMany(share, now, until, layout.beside);
      } catch (error) {
        logFailure("registry.claim_failed", error, { shard, orders: share.length });
      }
      share.forEach(({ taskId }, index) =>
        answers.set(taskId, states[index] ?? { state: "unknown" }),
      );
    });
    open = thoseIn("mine");
  }
  const unknown = thoseIn("unknown");
  if (unknown.length > 0 && !(await hasArchive(env.DB))) {
    unknown.forEach(({ taskId }) => answers.set(taskId, { state: "mine" }));
  }
  return answers;
}

/** Tells the registry how its claims ended. Losing a call is harmless, see registry.do.ts. */
export async function settleOrders(
  env: Env,
  { done, released }: Outcomes,
  layouts = REGISTRY_LAYOUTS,
): Promise<void> {
  const ended = [
    ...done.map((claim) => ({ ...claim, isDone: true })),
    ...released.map((claim) => ({ ...claim, isDone: false })),
  ];
  await Promise.all(
    inTurn(layouts).map((layout) =>
      callEach(env, layout, ended, async ({ stub }, share) => {
        const [yes, no] = [share.filter(isDone), share.filter((each) => !isDone(each))];
        await stub.settleMany({ done: yes, released: no });
      }),
    ),
  );
}

const isDone = (ended: { isDone: boolean }) => ended.isDone;

/**
 * Makes the registry know orders as stored by their tasks, before they leave D1. Returns the order ids
 * that it now knows durably, in whatever form of Unicode they come again. Only these may leave. An
 * object that fails, or has no room for all of them, confirms none of its ids. An id that another task
 * stored is not confirmed. Give at most 1,000 claims, which are one call per object. It may be repeated.
 */
export async function confirmStored(
  env: Env,
  claims: readonly ClaimOf[],
  layouts = REGISTRY_LAYOUTS,
): Promise<Set<string>> {
  // Claims ask for the canonical form of an id, which may be stored as it was once sent.
  const canonical = claims.map(({ orderId, taskId }) => ({
    orderId: orderId.normalize("NFC"),
    taskId,
  }));
  const byId = new Map([...canonical, ...claims].map((claim) => [claim.orderId, claim]));
  const known = await Promise.all(
    inTurn(layouts).map((layout) => confirmIn(env, layout, [...byId.values()])),
  );
  const others = claims.filter(({ orderId, taskId }) =>
    known.some((owners) => (owners.get(orderId) ?? taskId) !== taskId),
  );
  if (others.length > 0) {
    log.error("registry.stored_by_another", { orders: others.length, first: others[0] });
  }
  const confirmed = claims.filter(({ orderId, taskId }) =>
    known.every((owners) => owners.get(orderId) === taskId && owners.has(orderId.normalize("NFC"))),
  );
  return new Set(confirmed.map(({ orderId }) => orderId));
}

/** Confirms the ids in one layout. Returns who stored each; an object that fails returns none. */
export async function confirmIn(
  env: Env,
  layout: Layout,
  claims: readonly ClaimOf[],
): Promise<Map<string, string>> {
  const owners = await callEach(env, layout, claims, async ({ stub, shard }, share) => {
    try {
      return await stub.confirmMany(share, layout.beside);
    } catch (error) {
      logFailure("registry.confirm_failed", error, { shard, orders: share.length });
      return [];
    }
  });
  return new Map(owners.flat().map(({ orderId, taskId }) => [orderId, taskId]));
}

/**
 * Finds the tasks that stored these orders, which may have left D1. Returns them by order id as given,
 * in whatever form of Unicode. Throws if the registry cannot be reached.
 */
export async function ownersOf(
  env: Env,
  orderIds: readonly string[],
  layouts = REGISTRY_LAYOUTS,
): Promise<Map<string, string>> {
  const forms = [...new Set(orderIds.flatMap(formsOf))].map((orderId) => ({ orderId }));
  const known = await Promise.all(
    inTurn(layouts).map((layout) =>
      callEach(env, layout, forms, async ({ stub }, share) =>
        stub.storedBy(
          share.map(({ orderId }) => orderId),
          layout.beside,
        ),
      ),
    ),
  );
  const owners = new Map(known.flat(2).map(({ orderId, taskId }) => [orderId, taskId]));
  return new Map(
    orderIds.flatMap((asked) => {
      const owner = formsOf(asked).flatMap((form) => owners.get(form) ?? [])[0];
      return owner === undefined ? [] : [[asked, owner] as const];
    }),
  );
}

/** One object stores at most this much. */
const OBJECT_MAX_BYTES = 10e9;
const SIZE_KEPT_MS = 600_000;
const sizes = new WeakMap<object, { at: number; storage: Storage | null }>();

/** Returns how full the fullest object is, at most ten minutes ago; null when one did not say. */
export async function registryStorage(env: Env): Promise<Storage | null> {
  const known = sizes.get(env.ORDER_REGISTRY);
  if (known && isRecent(known.at, SIZE_KEPT_MS, Date.now())) {
    return known.storage;
  }
  const objects = inTurn(REGISTRY_LAYOUTS).flatMap((layout) => objectsOf(env, layout));
  const storage = await Promise.all(objects.map(({ stub }) => stub.size())).then(
    (bytes) => ({ bytes: Math.max(...bytes), limit: OBJECT_MAX_BYTES }),
    () => null,
  );
  sizes.set(env.ORDER_REGISTRY, { at: Date.now(), storage });
  return storage;
}

import { logFailure } from "../../db/full";
import type { Storage } from "../../db/storage";
import { isRecent } from "../../lib/recent";
import { objectOf } from "../../object-of";
import type { ClaimAnswer, ClaimOf, OrderRegistry, Outcomes } from "./registry.do";

/**
 * The number of objects is part of their names, so changing it starts a new registry. What the old
 * one knew as stored is still found by the orders table.
 */
export const REGISTRY_SHARDS = 2;

function shardOf(orderId: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let index = 0; index < orderId.length; index++) {
    hash = Math.imul(hash ^ orderId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % REGISTRY_SHARDS;
}

function stubOf(env: Env, shard: number): DurableObjectStub<OrderRegistry> {
  return objectOf(env, env.ORDER_REGISTRY, `orders:v1:${REGISTRY_SHARDS}:${shard}`);
}

/**
 * Claims the ids, one call per shard. Answers are by task id. A shard that fails answers "mine", as
 * the orders table still stores an id once, and no order must wait for the registry.
 */
export async function claimOrders(
  env: Env,
  claims: readonly ClaimOf[],
  now: number,
  until: number,
): Promise<Map<string, ClaimAnswer>> {
  const answers = new Map<string, ClaimAnswer>();
  const shards = [...Map.groupBy(claims, ({ orderId }) => shardOf(orderId))];
  await Promise.all(
    shards.map(async ([shard, group]) => {
      let states: ClaimAnswer[] = [];
      try {
        states = await stubOf(env, shard).claimMany(group, now, until);
      } catch (error) {
        logFailure("registry.claim_failed", error, { shard, orders: group.length });
      }
      group.forEach(({ taskId }, index) => answers.set(taskId, states[index] ?? { state: "mine" }));
    }),
  );
  return answers;
}

/** Tells the registry how its claims ended. Losing a call is harmless: see registry.do.ts. */
export async function settleOrders(env: Env, { done, released }: Outcomes): Promise<void> {
  const byShard = new Map<number, Outcomes>();
  const outcomesOf = (claim: ClaimOf): Outcomes => {
    const shard = shardOf(claim.orderId);
    const outcomes = byShard.get(shard) ?? { done: [], released: [] };
    byShard.set(shard, outcomes);
    return outcomes;
  };
  done.forEach((claim) => outcomesOf(claim).done.push(claim));
  released.forEach((claim) => outcomesOf(claim).released.push(claim));
  await Promise.all(
    [...byShard].map(([shard, outcomes]) => stubOf(env, shard).settleMany(outcomes)),
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
  const shards = Array.from({ length: REGISTRY_SHARDS }, (_, shard) => stubOf(env, shard).size());
  const storage = await Promise.all(shards).then(
    (bytes) => ({ bytes: Math.max(...bytes), limit: OBJECT_MAX_BYTES }),
    () => null,
  );
  sizes.set(env.ORDER_REGISTRY, { at: Date.now(), storage });
  return storage;
}

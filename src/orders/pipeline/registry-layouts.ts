/**
 * A layout is the number of objects over which order ids are spread by a hash. It is part of the
 * objects' names, so another number means another set of objects. The registry grows from one layout
 * to the next, here from 2 objects to 8, in three deployments, and forgets no id:
 *
 *     [2]     Ids are claimed, and confirmed as stored, in two objects.
 *     [8, 2]  Both are done in both layouts, in the old one first; an id is free if both say so. The
 *             cron copies the stored ids of the old objects to the new (registry-move.ts).
 *     [8]     This is deployed once the log says `registry.moved`.
 *
 * Two versions of the Worker that serve at the same time share a layout in which both claim and
 * confirm. So neither gives away an id that the other has claimed, or has let leave D1. The copying
 * misses no id that left: once it has begun, an old object confirms only for callers that confirm in
 * the new layout too, and what was not confirmed is still in D1. While it goes on, new objects refuse
 * callers that ask them alone.
 *
 * A growth that has begun must be finished: it does not go back, nor on to a third number. A number
 * that was left must not be used again, as its objects know nothing of what came later.
 */
import { objectOf } from "../../object-of";
import type { Beside, OrderRegistry } from "./registry.do";

/** There is an old layout only while the registry grows. */
export type Layouts = readonly [newest: number, old?: number];

/** docs/operations.md, "When the registry fills", says how to change it. */
export const REGISTRY_LAYOUTS: Layouts = [2];

/** A layout comes with what its objects are told of the other one. */
export interface Layout {
  objects: number;
  beside?: Beside;
}

/**
 * Returns the layouts in the order in which ids are claimed in them. It is the same for all, so no two
 * tasks wait for each other.
 */
export function inTurn([newest, old]: Layouts): Layout[] {
  return old === undefined
    ? [{ objects: newest }]
    : [
        { objects: old, beside: { next: newest } },
        { objects: newest, beside: { old } },
      ];
}

export interface RegistryObject {
  stub: DurableObjectStub<OrderRegistry>;
  /** This is the object's place in its layout. */
  shard: number;
}

export function objectsOf(env: Env, { objects }: Layout): RegistryObject[] {
  return Array.from({ length: objects }, (_, shard) => objectAt(env, objects, shard));
}

/** Calls each object of a layout with its share of the items, all at once. */
export function callEach<Item extends { orderId: string }, Answer>(
  env: Env,
  { objects }: Layout,
  items: readonly Item[],
  call: (object: RegistryObject, share: Item[]) => Promise<Answer>,
): Promise<Answer[]> {
  const shares = Map.groupBy(items, ({ orderId }) => hashOf(orderId) % objects);
  return Promise.all(
    [...shares].map(([shard, share]) => call(objectAt(env, objects, shard), share)),
  );
}

function objectAt(env: Env, objects: number, shard: number): RegistryObject {
  return { stub: objectOf(env, env.ORDER_REGISTRY, `orders:v1:${objects}:${shard}`), shard };
}

function hashOf(orderId: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let index = 0; index < orderId.length; index++) {
    hash = Math.imul(hash ^ orderId.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

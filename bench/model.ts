/**
 * The model of how far the product goes reckons, from what an order was measured to take and from the
 * platform's limits, what a rate costs a month and which limit it meets first. The limits are those of
 * the documentation; nothing here was measured on an account.
 */
import { billOf, type Units, unitsOf } from "./prices.ts";
import { mapValues } from "./stats.ts";

export const LIMITS = {
  /** One queue takes so many messages a second. */
  queueMessagesPerS: 5000,
  /** One D1 database holds so many bytes. */
  d1Bytes: 10e9,
  /** One Durable Object that writes to its storage takes 200 to 500 requests a second. */
  objectRequestsPerS: 350,
  /** One Durable Object holds so many bytes. */
  objectBytes: 10e9,
};

/** A write takes "several milliseconds" by the documentation of D1; no local run shows it. */
export const D1_COMMIT_MS = 5;
/** A limit is not planned to be used further than this. */
export const HEADROOM = 0.7;
export const HISTORY_DAYS = 30;
/** This is the newest of REGISTRY_LAYOUTS in `src/orders/pipeline/registry-layouts.ts`. */
export const SHARDS = 2;

/** The model needs this of what a report counted. */
export interface Counted {
  orders: number;
  queue_writes: number;
  d1_calls: number;
  d1_sql_ms: number;
  object_calls: number;
  d1_bytes_per_order: number;
  object_bytes_per_order: number;
  per_order: Units;
}

export type Part = "queue" | "d1_writer" | "registry";

const DAY_S = 86_400;
const MONTH_S = 30 * DAY_S;

/** Returns how many orders a second one of each part bears. */
export function capacities(counted: Counted): Record<Part, number> {
  const { orders } = counted;
  const writes = counted.queue_writes / orders;
  // A batch of statements is one transaction, and each request, claim and settle is one batch.
  const d1MsPerOrder = (counted.d1_sql_ms + D1_COMMIT_MS * counted.d1_calls) / orders;
  return {
    queue: LIMITS.queueMessagesPerS / writes,
    d1_writer: 1000 / d1MsPerOrder,
    registry: (LIMITS.objectRequestsPerS * SHARDS * orders) / counted.object_calls,
  };
}

/** Returns a row of the table: what so many orders a second need, cost, and meet first. */
export function atRate(counted: Counted, ratePerS: number) {
  const capacity = capacities(counted);
  const perDay = ratePerS * DAY_S;
  const bytesPerDay = perDay * counted.d1_bytes_per_order;
  const pairs = atLeastOne(ratePerS / (HEADROOM * Math.min(capacity.queue, capacity.d1_writer)));
  const shards = Math.max(SHARDS, Math.ceil((ratePerS * SHARDS) / (HEADROOM * capacity.registry)));
  const wanted = bytesPerDay * HISTORY_DAYS;
  const held = Math.min(wanted, pairs * LIMITS.d1Bytes * HEADROOM);
  const use = mapValues(capacity, (bears) => ratePerS / bears);
  const parts = Object.keys(use) as Part[];
  const busiest = parts.reduce((most, part) => (use[part] > use[most] ? part : most));
  return {
    rate: ratePerS,
    ordersPerMonth: ratePerS * MONTH_S,
    usdPerMonth: billOf(unitsOf([[counted.per_order, ratePerS * MONTH_S]]), {
      d1Gb: held / 1e9,
      objectGb: (ratePerS * MONTH_S * counted.object_bytes_per_order) / 1e9,
    }).total,
    use,
    busiest,
    exceeded: use[busiest] > 1,
    hoursToFillOneD1: (LIMITS.d1Bytes / bytesPerDay) * 24,
    daysToFillRegistry: (LIMITS.objectBytes * shards) / (perDay * counted.object_bytes_per_order),
    pairs,
    shards,
    d1sForHistory: atLeastOne(wanted / (LIMITS.d1Bytes * HEADROOM)),
    daysHeld: held / bytesPerDay,
  };
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.ceil(value));
}

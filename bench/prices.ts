/**
 * An order costs this by Cloudflare's price list for the paid plan, in USD, as of November 2026.
 */
import { mapValues } from "./stats.ts";
import type { counts } from "./workers/count/counters.ts";

const PLAN_PER_MONTH = 5;

/**
 * These are billed by the unit: in dollars per million, beyond the millions included each month.
 */
const PRICES = {
  worker_requests: { perMillion: 0.3, included: 10 },
  worker_cpu_ms: { perMillion: 0.02, included: 30 },
  queue_operations: { perMillion: 0.4, included: 1 },
  d1_rows_read: { perMillion: 0.001, included: 25_000 },
  d1_rows_written: { perMillion: 1, included: 50 },
  object_requests: { perMillion: 0.15, included: 1 },
  object_gb_seconds: { perMillion: 12.5, included: 0.4 },
  object_rows_read: { perMillion: 0.001, included: 25_000 },
  object_rows_written: { perMillion: 1, included: 50 },
  r2_writes: { perMillion: 4.5, included: 1 },
  r2_reads: { perMillion: 0.36, included: 10 },
  log_lines: { perMillion: 0.6, included: 20 },
};

/** Storage costs dollars per GB and month, beyond the GB included. */
export const STORAGE = {
  d1: { perGbMonth: 0.75, included: 5 },
  objects: { perGbMonth: 0.2, included: 5 },
  r2: { perGbMonth: 0.015, included: 10 },
};

/** An object is billed for so much memory while it is in use. */
export const OBJECT_GB = 0.128;

type Item = keyof typeof PRICES;

/** So much of what is billed by the unit. */
export type Units = Partial<Record<Item, number>>;

/** Dollars by item, and in all. */
export type Costs = Record<Item | "total", number>;
export type Bill = Record<Item | "plan" | "d1_storage" | "object_storage" | "total", number>;

type Billed = Omit<
  typeof counts,
  "d1Calls" | "d1Statements" | "d1SqlMs" | "queueCalls" | "catalogueCalls"
>;

/**
 * Returns the units billed for an order, of the counters of so many and the CPU milliseconds of
 * one.
 */
export function unitsPerOrder(
  counts: Readonly<Billed>,
  orders: number,
  cpuMsPerOrder: number,
): Record<Item, number> {
  const totals: Record<Item, number> = {
    worker_requests: counts.requests + counts.batches,
    worker_cpu_ms: cpuMsPerOrder * orders,
    queue_operations: counts.queueWrites + counts.queueReads + counts.queueDeletes,
    d1_rows_read: counts.d1RowsRead,
    d1_rows_written: counts.d1RowsWritten,
    object_requests: counts.objectCalls,
    object_gb_seconds: (counts.objectMs / 1000) * OBJECT_GB,
    object_rows_read: counts.objectRowsRead,
    object_rows_written: counts.objectRowsWritten,
    r2_writes: counts.r2Writes,
    r2_reads: counts.r2Reads,
    log_lines: counts.logLines,
  };
  return mapValues(totals, (total) => total / orders);
}

/** Returns the dollars of so many units, by item and in all, when what is included is used up. */
export function marginalCost(units: Record<Item, number>): Costs {
  const items = mapValues(units, (used, item) => (used / 1e6) * PRICES[item].perMillion);
  return { ...items, total: sum(items) };
}

/** Returns the dollars of a million more orders, of the units of one. */
export function costPerMillion(units: Units): Costs {
  return marginalCost(unitsOf([[units, 1e6]]));
}

/**
 * Returns the dollars of a month, by item and in all, for so many units and so many GB stored. The
 * plan and what it includes are accounted for.
 */
export function billOf(
  units: Record<Item, number>,
  { d1Gb = 0, objectGb = 0 }: { d1Gb?: number; objectGb?: number } = {},
): Bill {
  const stored = (gb: number, { included, perGbMonth }: (typeof STORAGE)["d1"]) =>
    Math.max(0, gb - included) * perGbMonth;
  const bill = {
    plan: PLAN_PER_MONTH,
    ...mapValues(units, (used, item) => {
      const { perMillion, included } = PRICES[item];
      return Math.max(0, used / 1e6 - included) * perMillion;
    }),
    d1_storage: stored(d1Gb, STORAGE.d1),
    object_storage: stored(objectGb, STORAGE.objects),
  };
  return { ...bill, total: sum(bill) };
}

/** Adds units up, each so many times. */
export function unitsOf(
  uses: readonly (readonly [units: Units, times: number])[],
): Record<Item, number> {
  return mapValues(PRICES, (_, item) =>
    uses.reduce((total, [units, times]) => total + (units[item] ?? 0) * times, 0),
  );
}

function sum(amounts: Record<string, number>): number {
  return Object.values(amounts).reduce((total, value) => total + value, 0);
}

import type { Checked } from "./check.ts";
import type { ArchiveCounts, Counting, EachCounts, OrderCounts } from "./counted.ts";
import { costPerMillion, unitsPerOrder } from "./prices.ts";
import type { Options } from "./options.ts";
import { mapValues, rounded } from "./stats.ts";
import type { Times } from "./timed.ts";

export type Report = ReturnType<typeof report>;

/** Makes the one line that a run prints, of its options and of what its parts measured. */
export function report<Bare>(
  options: Options,
  { checked, ...times }: Times & { checked: Checked },
  counted?: Counting,
  bare?: Bare,
) {
  const problems = [...checked.problems, ...(counted?.problems ?? [])];
  return {
    orders: options.orders,
    seed: options.seed,
    invalid: options.invalid,
    batch: options.batch,
    in_flight: options.inFlight,
    rate: options.rate,
    catalogue_latency_ms: options.latency,
    catalogue_fail_rate: options.failRate,
    cache_ttl_s: options.cacheTtl,
    vars: options.vars,
    ...times,
    ...(counted && countedFigures(counted, times)),
    ...(bare && { bare }),
    succeeded: checked.succeeded,
    failed: checked.failed,
    gave_up: checked.gaveUp,
    verified: problems.length === 0,
    problems: problems.slice(0, 10),
    node: process.version,
  };
}

export type CountedFigures = ReturnType<typeof countedFigures>;

function countedFigures({ batched, alone, dashboard, cron, archived }: Counting, times: Times) {
  // Milliseconds per order are seconds per thousand. workerd's include those of the local
  // simulators,
  // so they are no less than the platform would bill.
  const cpuMs = times.cpu_s_per_1000_orders_by_process?.["workerd"] ?? 0;
  return {
    counted: ofOrders(batched, cpuMs),
    counted_one_by_one: ofOrders(alone, cpuMs),
    counted_dashboard: ofEach(dashboard),
    counted_cron: ofEach(cron),
    counted_archive: ofArchive(archived),
  };
}

/** Tells calls in all, and rows, operations and dollars per order. */
function ofOrders({ orders, counts, d1Bytes, objectBytes }: OrderCounts, cpuMs: number) {
  const units = unitsPerOrder(counts, orders, cpuMs);
  return {
    orders,
    ...snakeCase(counts),
    per_order: mapValues(units, (value) => rounded(value, 4)),
    d1_bytes_per_order: rounded(d1Bytes, 0),
    object_bytes_per_order: rounded(objectBytes, 0),
    cost_usd_per_million: mapValues(costPerMillion(units), (value) => rounded(value, 3)),
  };
}

/** Tells the units of one of what is no order. */
function ofEach({ times, counts, cpuMs }: EachCounts) {
  const units = unitsPerOrder(counts, times, cpuMs);
  return { times, each: mapValues(units, (value) => rounded(value, 4)) };
}

/** Tells the units and dollars of what is archived, by the order. */
function ofArchive({ bytesPerOrder, ...archived }: ArchiveCounts) {
  const figures = ofEach(archived);
  return {
    ...figures,
    bytes_per_order: rounded(bytesPerOrder, 0),
    cost_usd_per_million: mapValues(costPerMillion(figures.each), (value) => rounded(value, 3)),
  };
}

type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : "";

function snakeCase<Name extends string>(counts: Record<Name, number>) {
  const entries = Object.entries<number>(counts).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    rounded(value, 1),
  ]);
  return Object.fromEntries(entries) as Record<Snake<Name>, number>;
}

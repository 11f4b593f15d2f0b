import { costPerMillion, unitsPerOrder } from "./prices.mjs";
import { rounded } from "./stats.mjs";

/** The one line a run prints, of its options and of what its parts measured. */
export function report(options, timed, counted, bare) {
  const { checked, ...times } = timed;
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
    ...(counted && {
      counted: countedFigures(counted.batched, times),
      counted_one_by_one: countedFigures(counted.alone, times),
      counted_dashboard: countedEach(counted.dashboard),
      counted_cron: countedEach(counted.cron),
    }),
    ...(bare && { bare }),
    succeeded: checked.succeeded,
    failed: checked.failed,
    gave_up: checked.gaveUp,
    verified: problems.length === 0,
    problems: problems.slice(0, 10),
    node: process.version,
  };
}

/** Calls in all, and rows, operations and dollars per order. */
function countedFigures({ orders, counts, d1Bytes, objectBytes }, times) {
  // Milliseconds per order are seconds per thousand. workerd's own: the Worker's and the local
  // simulators' together, so no less than the platform would bill.
  const cpuMs = times.cpu_s_per_1000_orders_by_process?.workerd ?? 0;
  const units = unitsPerOrder(counts, orders, cpuMs);
  const cost = costPerMillion(units);
  return {
    orders,
    ...snakeCase(counts),
    per_order: mapRounded(units, 4),
    d1_bytes_per_order: rounded(d1Bytes, 0),
    object_bytes_per_order: rounded(objectBytes, 0),
    cost_usd_per_million: mapRounded(cost, 3),
  };
}

/** Units of one, of what is no order. */
function countedEach({ times, counts, cpuMs }) {
  return { times, each: mapRounded(unitsPerOrder(counts, times, cpuMs), 4) };
}

function mapRounded(object, decimals) {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, rounded(value, decimals)]),
  );
}

function snakeCase(object) {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
      rounded(value, 1),
    ]),
  );
}

// The benchmark's arithmetic, for unit tests, which are type-checked as Worker code. Typed by bench.d.mts.
export { compare } from "../../bench/check.mjs";
export { expectedSums, priceList } from "../../bench/expected.mjs";
export { atRate, capacities, SHARDS } from "../../bench/model.mjs";
export { dashboardCost, monthOf } from "../../bench/month.mjs";
export { readOptions } from "../../bench/options.mjs";
export { makeOrders } from "../../bench/orders.mjs";
export { ratios } from "../../bench/peers.mjs";
export { billOf, costPerMillion, unitsOf, unitsPerOrder } from "../../bench/prices.mjs";
export { line } from "../../bench/progress.mjs";
export { latencies, median, percentile } from "../../bench/stats.mjs";

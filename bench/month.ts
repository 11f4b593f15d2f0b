/**
 * A month costs what its orders, the looks of the cron, and the dashboards that somebody leaves open
 * cost, each by what was counted of one.
 */
import { type Counted, LIMITS } from "./model.ts";
import { type Bill, billOf, marginalCost, OBJECT_GB, type Units, unitsOf } from "./prices.ts";

const MONTH_DAYS = 30;
const MONTH_S = MONTH_DAYS * 86_400;
/** wrangler.toml has the cron run so often. */
const CRON_EVERY_S = 300;
/**
 * An open dashboard is read so often a second, by src/live/live.client.js and the console's
 * page.client.js.
 */
const READS = { idle: 1 / 30, most: 1 / 3 };
/**
 * While somebody listens, src/live/hub.do.ts sends at most so many messages a second, each in an
 * alarm.
 */
const HUB_ALARMS_PER_S = 4;
/** A request tells of changes when it is accepted, and a batch when it starts and when it ends. */
const TOLD_PER_REQUEST = 1.5;

/** An alarm of the hub takes a request, a row, and a quarter of a second in memory. */
const HUB_ALARM = {
  object_requests: 1,
  object_rows_written: 1,
  object_gb_seconds: OBJECT_GB / HUB_ALARMS_PER_S,
};

/** A month needs this of a report. */
export interface Measured {
  counted: Counted;
  counted_one_by_one: Counted;
  counted_dashboard: { each: Units };
  counted_cron: { each: Units };
  /** By the order. */
  counted_archive: { each: Units };
}

export interface Month {
  ordersPerDay?: number;
  /** Each order is sent and run alone. */
  oneByOne?: boolean;
  /** So many dashboards are open all month. */
  dashboards?: number;
}

export function monthOf(
  report: Measured,
  { ordersPerDay = 0, oneByOne = false, dashboards = 0 }: Month,
): { bill: Bill; daysToFillD1: number } {
  const counted = oneByOne ? report.counted_one_by_one : report.counted;
  const orders = ordersPerDay * MONTH_DAYS;
  const requests = counted.per_order.worker_requests ?? 0;
  const changesPerS = (orders / MONTH_S) * requests * TOLD_PER_REQUEST;
  const units = unitsOf([
    [counted.per_order, orders],
    // In the long run as many leave D1 in a month as come.
    [report.counted_archive.each, orders],
    [report.counted_cron.each, MONTH_S / CRON_EVERY_S],
    [watching(report, changesPerS, dashboards), MONTH_S],
  ]);
  // These are stored when the first month ends; a D1 keeps no more than its limit.
  const d1Bytes = Math.min(orders * counted.d1_bytes_per_order, LIMITS.d1Bytes);
  const objectGb = (orders * counted.object_bytes_per_order) / 1e9;
  return {
    bill: billOf(units, { d1Gb: d1Bytes / 1e9, objectGb }),
    daysToFillD1: LIMITS.d1Bytes / (ordersPerDay * counted.d1_bytes_per_order),
  };
}

/** Returns the dollars that a dashboard open all month costs beyond what is included. */
export function dashboardCost(report: Measured) {
  const of = (changesPerS: number, dashboards: number) =>
    marginalCost(unitsOf([[watching(report, changesPerS, dashboards), MONTH_S]])).total;
  const busiest = of(Infinity, 1);
  return { idle: of(0, 1), busiest, further: of(Infinity, 2) - busiest };
}

/** Returns the units a second that open dashboards take while so much changes. */
function watching(report: Measured, changesPerS: number, dashboards: number) {
  const reads = Math.min(READS.most, READS.idle + changesPerS);
  const alarms = dashboards > 0 ? Math.min(HUB_ALARMS_PER_S, changesPerS) : 0;
  return unitsOf([
    [report.counted_dashboard.each, dashboards * reads],
    [HUB_ALARM, alarms],
  ]);
}

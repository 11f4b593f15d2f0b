import { describe, expect, it } from "vitest";
import { atRate, capacities, SHARDS as modelled } from "../../bench/model";
import { dashboardCost, monthOf } from "../../bench/month";
import { readOptions } from "../../bench/options";
import { billOf, costPerMillion, unitsOf, unitsPerOrder } from "../../bench/prices";
import { line } from "../../bench/progress";
import { ratios } from "../../bench/ratios";
import { latencies, median, percentile } from "../../bench/stats";
import { REGISTRY_LAYOUTS } from "../../src/orders/pipeline/registry-layouts";

describe("percentiles", () => {
  it("are values that occurred, by nearest rank, whatever the order", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(latencies(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  it("sort as numbers, and leave the values as they were", () => {
    const values = [100, 9, 20];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
    expect(median([1, 2, 3, 10])).toBe(2.5);
  });
});

const counts = {
  requests: 10,
  batches: 10,
  queueWrites: 1000,
  queueReads: 1000,
  queueDeletes: 1000,
  d1RowsRead: 20_000,
  d1RowsWritten: 7000,
  objectCalls: 160,
  objectMs: 1000,
  objectRowsRead: 100,
  objectRowsWritten: 2000,
  r2Writes: 0,
  r2Reads: 0,
  logLines: 10,
};

describe("the cost of an order", () => {
  it("is each item's units times its price", () => {
    const cost = costPerMillion(unitsPerOrder(counts, 1000, 0.5));
    expect(cost["queue_operations"]).toBeCloseTo(1.2);
    expect(cost["d1_rows_written"]).toBeCloseTo(7);
    expect(cost["object_rows_written"]).toBeCloseTo(2);
    expect(cost["worker_requests"]).toBeCloseTo(0.006);
    expect(cost["worker_cpu_ms"]).toBeCloseTo(0.01);
    expect(cost["object_gb_seconds"]).toBeCloseTo(0.0016);
    expect(cost["log_lines"]).toBeCloseTo(0.006);
    expect(cost.total).toBeCloseTo(10.2677, 4);
  });

  it("is the plan alone while a month stays within what the plan includes", () => {
    const units = unitsPerOrder(counts, 1000, 0.5);
    const total = (orders: number, stored = {}) => billOf(unitsOf([[units, orders]]), stored).total;
    expect(total(300_000, { d1Gb: 5, objectGb: 5 })).toBe(5);
    // A million orders make 3 M operations, of which 1 M are included.
    expect(total(1_000_000)).toBeCloseTo(5.8);
    expect(total(300_000, { d1Gb: 7 })).toBeCloseTo(6.5);
    expect(total(300_000, { objectGb: 7 })).toBeCloseTo(5.4);
  });
});

describe("the scale model", () => {
  const counted = {
    orders: 1000,
    queue_writes: 1000,
    d1_calls: 30,
    d1_sql_ms: 50,
    object_calls: 40,
    d1_bytes_per_order: 1000,
    object_bytes_per_order: 100,
    per_order: unitsPerOrder(counts, 1000, 0.5),
  };

  it("has as many registry objects as there are", () => {
    expect(modelled).toBe(REGISTRY_LAYOUTS[0]);
  });

  it("says what one of each part bears", () => {
    const bears = capacities(counted);
    expect(bears.queue).toBe(5000);
    // A thousand orders take 50 ms of SQL and 30 commits of 5 ms.
    expect(bears.d1_writer).toBeCloseTo(5000);
    expect(bears.registry).toBeCloseTo(17_500);
    expect(capacities({ ...counted, d1_calls: 60 }).d1_writer).toBeCloseTo(1000 / 0.35);
  });

  it("names the part that is used most, and when it is used up", () => {
    expect(atRate({ ...counted, d1_calls: 60 }, 100)).toMatchObject({
      busiest: "d1_writer",
      exceeded: false,
      pairs: 1,
      shards: REGISTRY_LAYOUTS[0],
    });
    const far = atRate({ ...counted, d1_calls: 60 }, 50_000);
    expect(far).toMatchObject({ busiest: "d1_writer", exceeded: true, pairs: 25, shards: 9 });
  });

  it("tells when a database of 10 GB is full, and how many hold the history", () => {
    const row = atRate(counted, 100); // A day brings 8.64 GB.
    expect(row.hoursToFillOneD1).toBeCloseTo(27.78, 1);
    expect(row.d1sForHistory).toBe(38); // The history is 259.2 GB, in databases filled to 70 %.
    expect(row.daysHeld).toBeCloseTo(7 / 8.64);
  });

  it("costs in proportion once nothing included counts any more", () => {
    const [small, large] = [atRate(counted, 5000), atRate(counted, 50_000)];
    expect(large.usdPerMonth / small.usdPerMonth).toBeCloseTo(10, 1);
  });
});

describe("a month", () => {
  const counted = {
    orders: 1000,
    queue_writes: 1000,
    d1_calls: 30,
    d1_sql_ms: 50,
    object_calls: 40,
    d1_bytes_per_order: 1000,
    object_bytes_per_order: 100,
    per_order: { d1_rows_written: 7, worker_requests: 0.02 },
  };
  const alone = { ...counted, per_order: { d1_rows_written: 11, worker_requests: 2 } };
  const report = {
    counted,
    counted_one_by_one: alone,
    counted_dashboard: { each: { worker_requests: 1, d1_rows_read: 1000 } },
    counted_cron: { each: { d1_rows_read: 100 } },
    counted_archive: { each: { d1_rows_written: 0 } },
  };

  it("in which nothing happens costs the plan, watched or not", () => {
    expect(monthOf(report, {}).bill.total).toBe(5);
    expect(monthOf(report, { dashboards: 3 }).bill.total).toBe(5);
  });

  it("of a million orders a day is billed by the rows they write, and what D1 keeps of them", () => {
    const bulk = monthOf(report, { ordersPerDay: 1e6 });
    // The month has 210 M rows less 50 M, and 10 GB, the most there can be, less 5. Its 60 cents of
    // requests are included.
    expect(bulk.bill).toMatchObject({ plan: 5, d1_rows_written: 160, d1_storage: 3.75 });
    expect(bulk.daysToFillD1).toBeCloseTo(10);
    const one = monthOf(report, { ordersPerDay: 1e6, oneByOne: true });
    expect(one.bill["d1_rows_written"]).toBe(280);
    expect(one.bill["worker_requests"]).toBe(15);
  });

  it("watched on a dashboard costs the hub's alarms, and the reads, once only that", () => {
    const { idle, busiest, further } = dashboardCost(report);
    // A read is a request and 1,000 rows of D1, every 30 s or every 3 s.
    expect(idle).toBeCloseTo(0.0864 * (0.3 + 1));
    expect(further).toBeCloseTo(0.864 * (0.3 + 1));
    // Four alarms of the hub a second, in a month of 2,592,000 s, cost rows, requests, and the
    // object's memory.
    expect(busiest - further).toBeCloseTo(10.368 * (1 + 0.15) + 0.331776 * 12.5);
  });
});

describe("the comparison with a peer", () => {
  it("is the median of the rounds' ratios, not the ratio of medians", () => {
    const ours = [100, 100, 400].map((n) => ({
      orders_per_s_end_to_end: n,
      cpu_s_per_1000_orders: 0.5,
    }));
    const theirs = [50, 100, 100].map((n) => ({
      orders_per_s_end_to_end: n,
      cpu_ms_per_order_stack: 1,
    }));
    expect(ratios(ours, theirs).speed).toEqual({ median: 2, rounds: [2, 1, 4] });
    expect(ratios(ours, theirs).cpu.median).toBe(0.5);
  });
});

describe("the options", () => {
  it("have defaults, and read numbers, variables and lists", () => {
    expect(readOptions([])).toMatchObject({ orders: 2000, batch: 100, rate: 50, paced: 500 });
    const given = ["--orders", "10", "--fail-rate=0.1", "--var", "A:b:c", "--only", "x,y"];
    expect(readOptions(given)).toMatchObject({
      orders: 10,
      failRate: 0.1,
      vars: { A: "b:c" },
      only: ["x", "y"],
    });
  });

  it("refuse what is no number of the range, by name", () => {
    expect(() => readOptions(["--orders", "0"])).toThrow("--orders");
    expect(() => readOptions(["--invalid", "1.5"])).toThrow("--invalid");
    expect(() => readOptions(["--batch", "1.5"])).toThrow("--batch");
    expect(() => readOptions(["--seed="])).toThrow("--seed");
    expect(() => readOptions(["--no-such"])).toThrow("--no-such");
  });
});

describe("the progress line", () => {
  it("fills a bar, and never over its end", () => {
    expect(line({ label: "orders", done: 1, total: 2 })).toBe(
      `${"█".repeat(12)}${"░".repeat(12)} 1/2 orders`,
    );
    expect(line({ label: "orders", done: 3, total: 2 })).toContain("█".repeat(24));
    expect(line({ label: "starting", done: 0, total: 0 })).toBe("starting");
  });
});

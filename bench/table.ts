import {
  atRate,
  capacities,
  type Counted,
  D1_COMMIT_MS,
  HEADROOM,
  HISTORY_DAYS,
  LIMITS,
  type Part,
} from "./model.ts";
import { dashboardCost, type Month, monthOf } from "./month.ts";
import { type Bill, STORAGE } from "./prices.ts";
import type { CountedFigures } from "./report.ts";

const RATES = [100, 5000, 50_000];
const PARTS: Record<Part, string> = {
  queue: "queue",
  d1_writer: "D1, one writer",
  registry: "registry",
};

type Row = ReturnType<typeof atRate>;

/** Writes the scale model of a report's `counted` as Markdown. */
export function scaleTable(counted: Counted): string {
  const rows = RATES.map((rate) => atRate(counted, rate));
  const capacity = capacities(counted);
  const bears = (Object.keys(PARTS) as Part[]).map(
    (part) => `${PARTS[part]} ${whole(capacity[part])}/s`,
  );
  const head = ["", ...rows.map(({ rate }) => `${whole(rate)}/s`)];
  const lines: [name: string, cell: (row: Row) => string][] = [
    ["orders a month", ({ ordersPerMonth }) => `${whole(ordersPerMonth / 1e6)} M`],
    ["cost a month", ({ usdPerMonth }) => `$${whole(usdPerMonth)}`],
    ["use of one queue", ({ use }) => percent(use.queue)],
    ["use of one D1's writer", ({ use }) => percent(use.d1_writer)],
    ["use of the registry's objects", ({ use }) => percent(use.registry)],
    ["one D1 is full after", ({ hoursToFillOneD1 }) => duration(hoursToFillOneD1)],
    ["binds first", binding],
    ["pairs of a queue and a D1", ({ pairs }) => whole(pairs)],
    ["registry objects", ({ shards }) => whole(shards)],
    ["the registry is full after", ({ daysToFillRegistry }) => duration(daysToFillRegistry * 24)],
    ["history these D1s hold", ({ daysHeld }) => duration(daysHeld * 24)],
    [`D1s to hold ${HISTORY_DAYS} days`, ({ d1sForHistory }) => whole(d1sForHistory)],
  ];
  return [
    markdown(
      head,
      lines.map(([name, cell]) => [name, ...rows.map(cell)]),
    ),
    "",
    `Measured per order: ${counted.d1_bytes_per_order} bytes of D1, ` +
      `${(counted.d1_sql_ms / counted.orders).toFixed(3)} ms of SQL, ` +
      `${(counted.d1_calls / counted.orders).toFixed(3)} D1 calls, ` +
      `${(counted.object_calls / counted.orders).toFixed(3)} object calls. ` +
      `Assumed: ${D1_COMMIT_MS} ms per D1 transaction, ${LIMITS.objectRequestsPerS} calls/s per ` +
      `object, limits used to ${percent(HEADROOM)}. One of each bears: ${bears.join(", ")}.`,
  ].join("\n");
}

/** People call the items of a bill so. */
const ITEMS: Record<string, (keyof Bill)[]> = {
  "the plan": ["plan"],
  "requests and CPU": ["worker_requests", "worker_cpu_ms"],
  "queue operations": ["queue_operations"],
  "R2 operations": ["r2_writes", "r2_reads"],
  "D1 rows": ["d1_rows_read", "d1_rows_written"],
  "objects: requests and time": ["object_requests", "object_gb_seconds"],
  "objects: rows": ["object_rows_read", "object_rows_written"],
  "log lines": ["log_lines"],
  "D1 storage": ["d1_storage"],
  "objects: storage": ["object_storage"],
  total: ["total"],
};
const PER_DAY = [0, 1000, 100_000, 1_000_000];

/** Writes what a million orders cost, and a month of some, as Markdown. */
export function costTables(report: CountedFigures & { batch: number }): string {
  const { counted, counted_one_by_one: alone, counted_archive: archive, batch } = report;
  const perMillion = Object.entries(ITEMS)
    .filter(([, names]) => names.every((name) => name in counted.cost_usd_per_million))
    .map(([item, names]) => [
      item,
      ...[counted, alone, archive].map((of) => dollars(sumOf(of.cost_usd_per_million, names))),
    ]);
  const months = PER_DAY.map((ordersPerDay) => {
    const total = (options: Month) =>
      dollars(monthOf(report, { ordersPerDay, ...options }).bill.total);
    const { daysToFillD1 } = monthOf(report, { ordersPerDay });
    return [
      ordersPerDay === 0 ? "none" : whole(ordersPerDay),
      total({}),
      total({ oneByOne: true }),
      total({ dashboards: 1 }),
      ordersPerDay === 0 ? "never" : `${whole(daysToFillD1)} days`,
    ];
  });
  const { idle, busiest, further } = dashboardCost(report);
  const perGb = (bytes: number, { perGbMonth }: { perGbMonth: number }) =>
    dollars((bytes / 1000) * perGbMonth);
  return [
    markdown(
      ["a million orders", `${batch} a request`, "one by one", "archived later"],
      perMillion,
    ),
    "",
    markdown(
      [
        "orders a day",
        `a month, ${batch} a request`,
        "one by one",
        "in bulk, and a dashboard open all month",
        "one D1 is full after",
      ],
      months,
    ),
    "",
    `A dashboard open all month, beyond what is included: ${dollars(idle)} while nothing changes, ` +
      `at most ${dollars(busiest)} while orders run all the time; each further one ${dollars(further)}.`,
    `A million orders kept: ${perGb(counted.d1_bytes_per_order, STORAGE.d1)} a month of D1, ` +
      `${perGb(counted.object_bytes_per_order, STORAGE.objects)} of the registry; archived, ` +
      `${perGb(archive.bytes_per_order, STORAGE.r2)} of R2. To archive one writes ` +
      `${(archive.each.d1_rows_written ?? 0).toFixed(2)} rows of D1.`,
  ].join("\n");
}

/** Writes one month's bill as Markdown. */
export function billTable(report: CountedFigures, options: Month): string {
  const { bill } = monthOf(report, options);
  const rows = Object.entries(ITEMS).map(([item, names]) => [item, dollars(sumOf(bill, names))]);
  return markdown(["a month", "USD"], rows);
}

function sumOf(amounts: Partial<Bill>, names: readonly (keyof Bill)[]): number {
  return names.reduce((total, name) => total + (amounts[name] ?? NaN), 0);
}

function dollars(usd: number): string {
  return `$${usd >= 1000 ? whole(usd) : usd.toFixed(2)}`;
}

function binding({ busiest, exceeded, hoursToFillOneD1 }: Row): string {
  const storage = hoursToFillOneD1 < HISTORY_DAYS * 24 ? "D1's 10 GB" : undefined;
  return [exceeded ? PARTS[busiest] : undefined, storage].filter(Boolean).join("; ") || "nothing";
}

export function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function percent(share: number): string {
  return `${whole(share * 100)} %`;
}

function duration(hours: number): string {
  return hours >= 48 ? `${whole(hours / 24)} days` : `${hours.toFixed(1)} hours`;
}

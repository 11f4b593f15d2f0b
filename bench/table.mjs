import { atRate, capacities, D1_COMMIT_MS, HEADROOM, HISTORY_DAYS, LIMITS } from "./model.mjs";

const RATES = [100, 5000, 50_000];
const PARTS = { queue: "queue", d1_writer: "D1, one writer", registry: "registry" };

/** The scale model as Markdown, of a report's `counted`. */
export function scaleTable(counted) {
  const rows = RATES.map((rate) => atRate(counted, rate));
  const capacity = capacities(counted);
  const bears = Object.entries(capacity).map(([part, n]) => `${PARTS[part]} ${whole(n)}/s`);
  const head = ["", ...rows.map(({ rate }) => `${whole(rate)}/s`)];
  const body = [
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
  ].map(([name, cell]) => [name, ...rows.map(cell)]);
  return [
    markdown([head, ...body]),
    "",
    `Measured per order: ${counted.d1_bytes_per_order} bytes of D1, ` +
      `${(counted.d1_sql_ms / counted.orders).toFixed(3)} ms of SQL, ` +
      `${(counted.d1_calls / counted.orders).toFixed(3)} D1 calls, ` +
      `${(counted.object_calls / counted.orders).toFixed(3)} object calls. ` +
      `Assumed: ${D1_COMMIT_MS} ms per D1 transaction, ${LIMITS.objectRequestsPerS} calls/s per ` +
      `object, limits used to ${percent(HEADROOM)}. One of each bears: ${bears.join(", ")}.`,
  ].join("\n");
}

function binding({ busiest, exceeded, hoursToFillOneD1 }) {
  const storage = hoursToFillOneD1 < HISTORY_DAYS * 24 ? "D1's 10 GB" : undefined;
  return [exceeded ? PARTS[busiest] : undefined, storage].filter(Boolean).join("; ") || "nothing";
}

export function markdown([head, ...body]) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function whole(value) {
  return Math.round(value).toLocaleString("en-US");
}

function percent(share) {
  return `${whole(share * 100)} %`;
}

function duration(hours) {
  return hours >= 48 ? `${whole(hours / 24)} days` : `${hours.toFixed(1)} hours`;
}

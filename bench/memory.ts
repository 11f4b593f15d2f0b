/** This measures what the largest requests with orders cost the Worker's isolate in memory. */
import process from "node:process";
import type { Api } from "../scripts/harness/api.ts";
import { endCleanly, optionsOrExit } from "../scripts/harness/cleanly.ts";
import { readNumberFlags } from "../scripts/harness/number-flags.ts";
import { makeOrders, type Order } from "../scripts/harness/orders.ts";
import { freePort } from "../scripts/harness/server.ts";
import { inspect, type Isolate } from "./inspector.ts";
import { startProgress } from "./progress.ts";
import { onSite } from "./site.ts";
import { median, rounded } from "./stats.ts";

const USAGE = `npm run bench -- memory [options]

  Starts the server on a fresh state, sends it requests with orders, and prints one line of JSON: the
  isolate's memory (V8's heap, garbage not yet collected included, the runtime's own, and buffers)
  as its inspector tells it at every turn it gets. "before" is after a collection, "peak" the most
  seen until the answer, which is while rows are stored, messages sent and the first batches run.

  --orders N   orders of a request (10000)
  --bytes N    bytes of a request; lines are added up to there (8388608)
  --rounds N   requests (5)`;

const MB = 1e6;
const MOST = 99_999_999;
const NUMBERS = {
  orders: { default: 10_000, min: 1, max: MOST, whole: true },
  bytes: { default: 8_388_608, min: 1, max: MOST, whole: true },
  rounds: { default: 5, min: 1, max: MOST, whole: true },
} as const;

endCleanly();

const options = optionsOrExit((argv) => {
  const { numbers, flags } = readNumberFlags(argv, NUMBERS, { help: "switch" });
  return flags.help ? "help" : numbers;
}, USAGE);
const progress = startProgress(process.stderr);
progress.show("starting the server");
const port = await freePort();
const rounds = await onSite({ flags: ["--inspector-port", String(port)] }, async ({ api }) => {
  await api.post(makeOrders({ count: 10, seed: 1, invalid: 0 }));
  const isolate = await inspect(port);
  const measured = [];
  for (let round = 0; round < options.rounds; round++) {
    progress.show("requests", round, options.rounds);
    measured.push(await measure(api, isolate, ordersOfRound(round)));
  }
  isolate.close();
  return measured;
});
progress.stop();
const peaks = rounds.map(({ peak_mb: peak }) => peak);
console.log(JSON.stringify({ peak_mb: Math.max(...peaks), median_mb: median(peaks), rounds }));
process.exit();

/** Makes orders that nobody sent before, and adds lines up to the size asked for. */
function ordersOfRound(round: number): Order[] {
  const { orders: count, bytes } = options;
  const orders = makeOrders({ count, seed: round, invalid: 0, firstId: 1e6 + round * count });
  const line = { sku: "P001", cantidad: 1 };
  const size = JSON.stringify(line).length + 1;
  const room = bytes - Buffer.byteLength(JSON.stringify(orders));
  for (let added = 0; added < Math.floor(room / size); added++) {
    orders[added % count]?.productos.push({ ...line });
  }
  return orders;
}

async function measure(api: Api, isolate: Isolate, orders: Order[]) {
  await isolate.collectGarbage();
  const before = await isolate.heapBytes();
  let peak = before;
  let samples = 0;
  const sent = api.post(orders);
  const request = { over: false };
  void sent.catch(() => undefined).then(() => (request.over = true));
  while (!request.over) {
    peak = Math.max(peak, await isolate.heapBytes());
    samples += 1;
  }
  await sent;
  await isolate.collectGarbage();
  const after = await isolate.heapBytes();
  const mb = (bytes: number) => rounded(bytes / MB, 1);
  return { before_mb: mb(before), peak_mb: mb(peak), after_mb: mb(after), samples };
}

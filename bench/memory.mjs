// node bench/memory.mjs: what the largest requests with orders cost the Worker's isolate in memory.
import { readOnlyFlags } from "../scripts/lib/flags.mjs";
import { ensureInstalled } from "../scripts/lib/install.mjs";
import { fail } from "../scripts/lib/tools.mjs";
import { inspect } from "./inspector.mjs";
import { makeOrders } from "./orders.mjs";
import { startProgress } from "./progress.mjs";
import { freePort, startSite } from "./site.mjs";
import { median, rounded } from "./stats.mjs";

const USAGE = `node bench/memory.mjs [options]

  Starts the server on a fresh state, sends it requests with orders, and prints one line of JSON: the
  isolate's memory (V8's heap, garbage not yet collected included, the runtime's own, and buffers)
  as its inspector tells it at every turn it gets. "before" is after a collection, "peak" the most
  seen until the answer, which is while rows are stored, messages sent and the first batches run.

  --orders N   orders of a request (10000)
  --bytes N    bytes of a request; lines are added up to there (8388608)
  --rounds N   requests (5)`;

const MB = 1e6;
const options = optionsOrFail();
await ensureInstalled();
const progress = startProgress();
progress.show("starting the server");
const port = await freePort();
const site = await startSite({ flags: ["--inspector-port", String(port)] });
try {
  await site.client.postOrders(makeOrders({ count: 10, seed: 1, invalid: 0 }));
  const isolate = await inspect(port);
  const rounds = [];
  for (let round = 0; round < options.rounds; round++) {
    progress.show("requests", round, options.rounds);
    rounds.push(await measure(isolate, ordersOfRound(round)));
  }
  isolate.close();
  progress.stop();
  const peaks = rounds.map(({ peak_mb: peak }) => peak);
  console.log(JSON.stringify({ peak_mb: Math.max(...peaks), median_mb: median(peaks), rounds }));
} finally {
  progress.stop();

  await site.stop();
}

function optionsOrFail() {
  try {
    const values = {
      orders: "10000",
      bytes: "8388608",
      rounds: "5",
      ...readOnlyFlags(process.argv.slice(2), {
        orders: "value",
        bytes: "value",
        rounds: "value",
        help: "switch",
      }),
    };
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const whole = (name) =>
      /^[1-9]\d{0,7}$/u.test(values[name]) ? Number(values[name]) : fail(`--${name}?\n\n${USAGE}`);
    return { orders: whole("orders"), bytes: whole("bytes"), rounds: whole("rounds") };
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
}

/** Orders that nobody sent before, grown line by line to the size asked for. */
function ordersOfRound(round) {
  const { orders: count, bytes } = options;
  const orders = makeOrders({ count, seed: round, invalid: 0, firstId: 1e6 + round * count });
  const line = { sku: "P001", cantidad: 1 };
  const size = JSON.stringify(line).length + 1;
  let left = bytes - Buffer.byteLength(JSON.stringify(orders));
  for (let index = 0; left >= size; index = (index + 1) % count) {
    orders[index].productos.push({ ...line });
    left -= size;
  }
  return orders;
}

async function measure(isolate, orders) {
  await isolate.collectGarbage();
  const before = await isolate.heapBytes();
  let peak = before;
  let samples = 0;
  const sent = site.client.postOrders(orders);
  const request = { over: false };
  void sent.catch(() => undefined).then(() => (request.over = true));
  while (!request.over) {
    peak = Math.max(peak, await isolate.heapBytes());
    samples += 1;
  }
  await sent;
  await isolate.collectGarbage();
  const after = await isolate.heapBytes();
  const mb = (bytes) => rounded(bytes / MB, 1);
  return { before_mb: mb(before), peak_mb: mb(peak), after_mb: mb(after), samples };
}

/** The counting part: the same load on the product with counters around its bindings. */
import { setTimeout as sleep } from "node:timers/promises";
import { checkOrders } from "./check.mjs";
import { sendAll, sendAlone } from "./load.mjs";
import { makeOrders } from "./orders.mjs";
import { startSite } from "./site.mjs";
import { objectsSize, Watch } from "./watch.mjs";

const PATIENCE_MS = 600_000;
const QUIET_MS = 300;
/** Orders sent one by one, and run so: the dearest way there is. */
const ALONE = 200;
/** What is no order, and what its CPU is taken to be: the local server has other work beside. */
const EACH_TIMES = 20;
const EACH_CPU_MS = 10;

/**
 * `{batched, alone}`: each the counters, the orders they are of, and the bytes one takes.
 * `{dashboard, cron}`: the counters of so many reads of an open dashboard, of so many cron runs.
 */
export async function measureCounts(options, catalogue, progress) {
  progress.show("starting the server with counters");
  const site = await startSite({
    vars: {
      CATALOGUE_URL: catalogue.url,
      CATALOGUE_TTL_SECONDS: options.cacheTtl,
      ...options.vars,
    },
    entry: "bench/count/worker.ts",
    quiet: !options.logs,
  });
  const watch = new Watch(site.stateFolder);
  try {
    const { counted } = options;
    const all = makeOrders({ ...options, count: counted + Math.min(counted, ALONE) });
    const batched = await count(site, watch, progress, counted, () =>
      sendAll(site.client, watch, all.slice(0, counted), options),
    );
    const alone = await count(site, watch, progress, all.length, () =>
      sendAlone(site.client, watch, all.slice(counted), PATIENCE_MS),
    );
    const orderOf = new Map([...batched.sent.orders, ...alone.sent.orders]);
    const mayGiveUp = options.failRate > 0;
    const { problems } = await checkOrders(site.client, orderOf, catalogue.prices, { mayGiveUp });
    const cookie = await site.signIn();
    const dashboard = await countEach(site.client, "/admin", { cookie, accept: "text/html" });
    const cron = await countEach(site.client, "/cdn-cgi/local/scheduled", {});
    return { batched: batched.figures, alone: alone.figures, dashboard, cron, problems };
  } finally {
    watch.close();
    await site.stop();
  }
}

async function count(site, watch, progress, total, send) {
  const earlier = watch.ended;
  const sizes = () => [watch.size(), objectsSize(site.stateFolder, "OrderRegistry")];
  const before = sizes();
  await site.client.get("/bench/reset");
  const show = (done) => progress.show("orders counted", done - earlier, total - earlier);
  const [sent] = await Promise.all([send(), watch.until(total, PATIENCE_MS, show)]);
  const counts = await whenQuiet(site.client);
  const orders = total - earlier;
  const [d1Bytes, objectBytes] = sizes().map((bytes, i) => (bytes - before[i]) / orders);
  return { sent, figures: { orders, counts, d1Bytes, objectBytes } };
}

async function countEach(client, path, headers) {
  for (let time = 0; time <= EACH_TIMES; time++) {
    if (time === 1) {
      await client.get("/bench/reset"); // the first warms up
    }
    const response = await fetch(new URL(path, client.url), { headers });
    await response.text();
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}`);
    }
  }
  return { times: EACH_TIMES, counts: await whenQuiet(client), cpuMs: EACH_CPU_MS };
}

/** The counters once the work that follows a settle has ended too. */
async function whenQuiet(client) {
  let before = "";
  for (;;) {
    const counts = await client.get("/bench/counts");
    const now = JSON.stringify(counts);
    if (now === before) {
      return counts;
    }
    before = now;
    await sleep(QUIET_MS);
  }
}

/** The timed part: the product as it ships, nothing of it wrapped or switched. */
import { setTimeout as sleep } from "node:timers/promises";
import { checkOrders } from "./check.mjs";
import { endsOf, sendAll, sendPaced } from "./load.mjs";
import { makeOrders } from "./orders.mjs";
import { figuresOf, machineCpuSeconds, watchMemory } from "./process-figures.mjs";
import { startSite } from "./site.mjs";
import { latencies, rounded } from "./stats.mjs";
import { Watch } from "./watch.mjs";

const PATIENCE_MS = 600_000;
/** What starting leaves to do is not the orders' cost. */
const SETTLED_MS = 1000;

export async function measureTimes(options, orders, catalogue, progress) {
  return onSite(options, catalogue, progress, undefined, async (site, watch) => {
    const load = await underLoad(site, watch, orders, options, progress);
    const paced = await atPace(site, watch, options, progress);
    progress.show("checking every order");
    const orderOf = new Map([...load.orderOf, ...paced.orderOf]);
    const checked = await checkOrders(site.client, orderOf, catalogue.prices, {
      mayGiveUp: options.failRate > 0,
    });
    return { ...load.figures, ...paced.figures, checked };
  });
}

/** The same load on the least a Worker can do: how much of the figures is the local platform's. */
export async function measureBare(options, orders, catalogue, progress) {
  return onSite(options, catalogue, progress, "bench/bare/worker.ts", async (site, watch) => {
    const { figures } = await underLoad(site, watch, orders, options, progress);
    const paced = await atPace(site, watch, options, progress);
    const { consumer_batches: _, tasks_in_those: __, ...rest } = figures;
    return { ...rest, ...paced.figures };
  });
}

async function onSite(options, catalogue, progress, ownEntry, measure) {
  const { queues, settings } = options.platform ?? {};
  const { entry = ownEntry, flags = [] } = queues?.argumentsFor(settings) ?? {};
  progress.show(`starting ${entry ?? "the server"}`);
  const site = await startSite({
    vars: {
      CATALOGUE_URL: catalogue.url,
      CATALOGUE_TTL_SECONDS: options.cacheTtl,
      ...options.vars,
    },
    entry,
    flags,
    state: options.state,
    quiet: !options.logs,
  });
  options.platform?.queues.deliverTo(site.url);
  const watch = new Watch(site.stateFolder);
  try {
    return await measure(site, watch);
  } finally {
    watch.close();
    await site.stop();
  }
}

async function underLoad(site, watch, orders, options, progress) {
  const { log, pid } = site;
  for (let open = 0; open < options.listeners; open++) {
    await site.client.listen();
  }
  await sleep(SETTLED_MS);
  const before = { ...log, figures: figuresOf(pid), machine: machineCpuSeconds() };
  const own = process.cpuUsage();
  const stopMemory = watchMemory(pid);
  const show = (done) => progress.show("orders under load", done, orders.length);
  const [sent] = await Promise.all([
    sendAll(site.client, watch, orders, options),
    watch.until(orders.length, PATIENCE_MS, show),
  ]);
  const after = figuresOf(pid);
  const { user, system } = process.cpuUsage(own);
  const machine = machineCpuSeconds();
  const peakBytes = stopMemory();
  const { ms, lastAt } = endsOf(sent, watch);
  const seconds = (lastAt - sent.firstAt) / 1000;
  const cpuSeconds = after && after.cpuSeconds - before.figures.cpuSeconds;
  return {
    orderOf: sent.orders,
    figures: {
      orders_per_s_accepted: rounded((orders.length * 1000) / (sent.acceptedAt - sent.firstAt), 1),
      orders_per_s_end_to_end: rounded(orders.length / seconds, 1),
      latency_ms_under_load: latencies(ms),
      cpu_s_per_1000_orders: perThousand(cpuSeconds, orders.length),
      cpu_s_per_1000_orders_by_process:
        after &&
        Object.fromEntries(
          Object.entries(after.byName).map(([name, cpu]) => [
            name,
            perThousand(cpu - (before.figures.byName[name] ?? 0), orders.length),
          ]),
        ),
      peak_memory_mb: rounded(peakBytes && peakBytes / 2 ** 20, 1),
      // The catalogue's too: what neither the server nor this process used of the machine.
      other_cpu_s: rounded(
        machine && machine - before.machine - cpuSeconds - (user + system) / 1e6,
        2,
      ),
      seconds: rounded(seconds, 3),
      ...(options.listeners > 0 && { live_messages: site.client.heard }),
      consumer_batches: log.batches - before.batches,
      tasks_in_those: log.tasksInBatches - before.tasksInBatches,
    },
  };
}

function perThousand(total, orders) {
  return rounded(total === null ? null : (total * 1000) / orders, 3);
}

async function atPace(site, watch, options, progress) {
  if (options.rate === 0) {
    return { orderOf: new Map(), figures: { latency_ms_paced: null } };
  }
  const { paced: count, rate, orders: earlier } = options;
  const orders = makeOrders({ ...options, count, firstId: earlier + 1 });
  const show = (done) => progress.show(`orders, ${rate} a second`, done - earlier, count);
  const [sent] = await Promise.all([
    sendPaced(site.client, watch, orders, rate),
    watch.until(earlier + count, PATIENCE_MS, show),
  ]);
  const { ms } = endsOf(sent, watch);
  return { orderOf: sent.orders, figures: { latency_ms_paced: latencies(ms) } };
}

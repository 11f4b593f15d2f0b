/** The timed part runs the product as it ships, with nothing wrapped or switched. */
import { setTimeout as sleep } from "node:timers/promises";
import { Listener } from "../scripts/harness/listener.ts";
import { makeOrders, type Order } from "../scripts/harness/orders.ts";
import type { Queues } from "../test/platform/queues.ts";
import type { PlatformSettings } from "../test/platform/settings.ts";
import type { CatalogueProcess } from "./catalogue-process.ts";
import { type Checked, checkOrders } from "./check.ts";
import { endsOf, sendAll, sendPaced } from "./load.ts";
import type { Options } from "./options.ts";
import { figuresOf, machineCpuSeconds, watchMemory } from "./process-figures.ts";
import type { Progress } from "./progress.ts";
import { onSite, type Site } from "./site.ts";
import { latencies, mapValues, rounded } from "./stats.ts";

const PATIENCE_MS = 600_000;
/** A server is left alone so long after its start, whose remaining work is not the orders' cost. */
const SETTLED_MS = 1000;

export interface TimedOptions extends Options {
  /** The server begins with a copy of this folder. */
  state?: string;
  /** The strict platform stands in place of the local one. */
  platform?: { queues: Queues; settings: Partial<PlatformSettings> };
}

export type Times = Awaited<ReturnType<typeof measureBoth>>["figures"];
export type Timed = Times & { checked: Checked };

export function measureTimes(
  options: TimedOptions,
  orders: Order[],
  catalogue: CatalogueProcess,
  progress: Progress,
): Promise<Timed> {
  return onBenchSite(options, catalogue, progress, undefined, async (site) => {
    const { accepted, figures } = await measureBoth(site, orders, options, progress);
    progress.show("checking every order");
    const checked = await checkOrders(site.api, accepted, catalogue.prices, options);
    return { ...figures, checked };
  });
}

/**
 * Puts the same load on the least that a Worker can do, to show how much of a figure is the local
 * platform's.
 */
export function measureBare(
  options: TimedOptions,
  orders: Order[],
  catalogue: CatalogueProcess,
  progress: Progress,
): Promise<Omit<Times, "consumer_batches" | "tasks_in_those">> {
  return onBenchSite(options, catalogue, progress, "bench/workers/bare.ts", async (site) => {
    const { figures } = await measureBoth(site, orders, options, progress);
    const { consumer_batches: _, tasks_in_those: __, ...rest } = figures;
    return rest;
  });
}

/** Returns the variables that a server is started with. */
export function variablesOf(options: Options, catalogue: CatalogueProcess) {
  return {
    CATALOGUE_URL: catalogue.url,
    CATALOGUE_TTL_SECONDS: String(options.cacheTtl),
    ...options.vars,
  };
}

function onBenchSite<Result>(
  options: TimedOptions,
  catalogue: CatalogueProcess,
  progress: Progress,
  ownEntry: string | undefined,
  measure: (site: Site) => Promise<Result>,
): Promise<Result> {
  const { platform, state, logs } = options;
  const { entry, flags } = platform?.queues.argumentsFor(platform.settings) ?? { entry: ownEntry };
  const vars = variablesOf(options, catalogue);
  progress.show(`starting ${entry ?? "the server"}`);
  return onSite({ vars, entry, flags, state, logs }, async (site) => {
    platform?.queues.deliverTo(site.server.url);
    return await measure(site);
  });
}

/** Sends orders all at once, and then others at a pace. */
async function measureBoth(site: Site, orders: Order[], options: Options, progress: Progress) {
  const load = await underLoad(site, orders, options, progress);
  const paced = await atPace(site, options, progress);
  return {
    accepted: new Map([...load.accepted, ...paced.accepted]),
    figures: { ...load.figures, ...paced.figures },
  };
}

async function underLoad(site: Site, orders: Order[], options: Options, progress: Progress) {
  const { server, api, watch } = site;
  const { pid } = server.run;
  const listeners = Array.from({ length: options.listeners }, () => new Listener(api));
  await Promise.all(listeners.map(({ opened }) => opened));
  await sleep(SETTLED_MS);
  const settledBefore = settledIn(server.logs());
  const before = figuresOf(pid);
  const machineBefore = machineCpuSeconds();
  const ownBefore = process.cpuUsage();
  const stopMemory = watchMemory(pid);
  const show = (done: number) => progress.show("orders under load", done, orders.length);
  const [sent] = await Promise.all([
    sendAll(site, orders, options),
    watch.until(orders.length, PATIENCE_MS, show),
  ]);
  const after = figuresOf(pid);
  const { user, system } = process.cpuUsage(ownBefore);
  const machineAfter = machineCpuSeconds();
  const peakBytes = stopMemory();
  const settled = settledIn(server.logs());
  listeners.forEach((listener) => listener.close());
  const { ms, lastAt } = endsOf(sent, watch);
  const seconds = (lastAt - sent.firstAt) / 1000;
  const perThousand = (total: number) => rounded((total * 1000) / orders.length, 3);
  const cpu = before && after && after.cpuSeconds - before.cpuSeconds;
  // Neither the server nor this process used this of the machine; the catalogue did, and other
  // programs.
  const others =
    machineBefore === null || machineAfter === null || cpu === null
      ? null
      : machineAfter - machineBefore - cpu - (user + system) / 1e6;
  return {
    accepted: sent.orders,
    figures: {
      orders_per_s_accepted: rounded((orders.length * 1000) / (sent.acceptedAt - sent.firstAt), 1),
      orders_per_s_end_to_end: rounded(orders.length / seconds, 1),
      latency_ms_under_load: latencies(ms),
      cpu_s_per_1000_orders: cpu === null ? null : perThousand(cpu),
      cpu_s_per_1000_orders_by_process:
        before &&
        after &&
        mapValues(after.byName, (total, name) => perThousand(total - (before.byName[name] ?? 0))),
      peak_memory_mb: rounded(peakBytes && peakBytes / 2 ** 20, 1),
      other_cpu_s: rounded(others, 2),
      seconds: rounded(seconds, 3),
      ...(listeners.length > 0 && {
        live_messages: listeners.reduce((sum, { heard }) => sum + heard, 0),
      }),
      consumer_batches: settled.batches - settledBefore.batches,
      tasks_in_those: settled.tasks - settledBefore.tasks,
    },
  };
}

/** Counts the batches, and their tasks, that a server says it settled. */
function settledIn(logs: string): { batches: number; tasks: number } {
  const sizes = [...logs.matchAll(/"batch\.settled".*?"tasks":(\d+)/g)].map(([, n]) => Number(n));
  return { batches: sizes.length, tasks: sizes.reduce((sum, size) => sum + size, 0) };
}

async function atPace(site: Site, options: Options, progress: Progress) {
  const { paced: count, rate, orders: earlier } = options;
  if (rate === 0) {
    return { accepted: new Map<string, Order>(), figures: { latency_ms_paced: null } };
  }
  const orders = makeOrders({ ...options, count, firstId: earlier + 1 });
  const show = (done: number) => progress.show(`orders, ${rate} a second`, done - earlier, count);
  const [sent] = await Promise.all([
    sendPaced(site, orders, rate),
    site.watch.until(earlier + count, PATIENCE_MS, show),
  ]);
  const { ms } = endsOf(sent, site.watch);
  return { accepted: sent.orders, figures: { latency_ms_paced: latencies(ms) } };
}

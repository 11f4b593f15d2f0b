/** The counting part puts the same load on the product with counters around its bindings. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Api, signIn } from "../scripts/harness/api.ts";
import { makeOrders } from "../scripts/harness/orders.ts";
import type { CatalogueProcess } from "./catalogue-process.ts";
import { checkOrders } from "./check.ts";
import { type Sent, sendAll, sendAlone } from "./load.ts";
import type { Options } from "./options.ts";
import type { Progress } from "./progress.ts";
import { onSite, type Site } from "./site.ts";
import { variablesOf } from "./timed.ts";
import { objectsSize } from "./watch.ts";
import type { counts } from "./workers/count/counters.ts";

const PATIENCE_MS = 600_000;
const QUIET_MS = 300;
/** This many orders are sent and run one by one, which is the dearest way. */
const ALONE = 200;
/**
 * Work that is not an order is repeated this often. Its CPU is assumed, since the local server does
 * more beside it.
 */
const EACH_TIMES = 20;
const EACH_CPU_MS = 10;
const ARCHIVING_CPU_MS = 0.2;

type Counts = typeof counts;

/** OrderCounts are the counters of a number of orders, and the bytes that one order takes. */
export interface OrderCounts {
  orders: number;
  counts: Counts;
  d1Bytes: number;
  objectBytes: number;
}

/** EachCounts are the counters of something that was done a number of times. */
export interface EachCounts {
  times: number;
  counts: Counts;
  cpuMs: number;
}

export interface ArchiveCounts extends EachCounts {
  bytesPerOrder: number;
}

export interface Counting {
  batched: OrderCounts;
  alone: OrderCounts;
  /** An open dashboard is read each time. */
  dashboard: EachCounts;
  cron: EachCounts;
  /** Every one of `orders` leaves D1 for the archive. */
  archived: ArchiveCounts;
  problems: string[];
}

export function measureCounts(
  options: Options,
  catalogue: CatalogueProcess,
  progress: Progress,
): Promise<Counting> {
  progress.show("starting the server with counters");
  const { counted, logs } = options;
  const vars = variablesOf(options, catalogue);
  return onSite({ vars, entry: "bench/workers/count/worker.ts", logs }, async (site) => {
    const { api, server } = site;
    const all = makeOrders({ ...options, count: counted + Math.min(counted, ALONE) });
    const batched = await count(site, progress, counted, () =>
      sendAll(site, all.slice(0, counted), options),
    );
    const alone = await count(site, progress, all.length, () =>
      sendAlone(site, all.slice(counted), PATIENCE_MS),
    );
    const orders = new Map([...batched.sent.orders, ...alone.sent.orders]);
    const { problems } = await checkOrders(api, orders, catalogue.prices, options);
    const cookie = await signIn(server.url, server.admin);
    const dashboard = await countEach(api, "/admin", { cookie, accept: "text/html" });
    const cron = await countEach(api, "/cdn-cgi/local/scheduled", {});
    const archived = await countArchiving(api, all.length, progress);
    return { batched: batched.figures, alone: alone.figures, dashboard, cron, archived, problems };
  });
}

async function count(
  { api, server, watch }: Site,
  progress: Progress,
  total: number,
  send: () => Promise<Sent>,
): Promise<{ sent: Sent; figures: OrderCounts }> {
  const earlier = watch.ended;
  const orders = total - earlier;
  const sizes = () => ({
    d1: watch.size(),
    objects: objectsSize(server.persistTo, "OrderRegistry"),
  });
  const before = sizes();
  await api.get("/bench/reset");
  const show = (done: number) => progress.show("orders counted", done - earlier, orders);
  const [sent] = await Promise.all([send(), watch.until(total, PATIENCE_MS, show)]);
  const counts = await whenQuiet(api);
  const after = sizes();
  const d1Bytes = (after.d1 - before.d1) / orders;
  const objectBytes = (after.objects - before.objects) / orders;
  return { sent, figures: { orders, counts, d1Bytes, objectBytes } };
}

async function countEach(
  api: Api,
  path: string,
  headers: Record<string, string>,
): Promise<EachCounts> {
  for (let time = 0; time <= EACH_TIMES; time++) {
    if (time === 1) {
      await api.get("/bench/reset"); // The first reading warms up, and is not counted.
    }
    const response = await fetch(api.url + path, { headers });
    await response.text();
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}`);
    }
  }
  return { times: EACH_TIMES, counts: await whenQuiet(api), cpuMs: EACH_CPU_MS };
}

/** Counts what it takes until every order of the run has left D1. */
async function countArchiving(
  api: Api,
  orders: number,
  progress: Progress,
): Promise<ArchiveCounts> {
  progress.show("orders archived", 0, orders);
  await api.get("/bench/ahead");
  await api.get("/bench/reset");
  await (await fetch(`${api.url}/cdn-cgi/local/scheduled`)).text();
  for (;;) {
    const { results } = await api.get<{ results: Archiving[] }>(
      "/api/tasks/executions/?task_name=system.archive",
    );
    const [task] = results;
    if (task?.status === "SUCCESS") {
      const { archived: times, bytes } = task.result_data;
      const cpuMs = ARCHIVING_CPU_MS;
      return { times, counts: await whenQuiet(api), cpuMs, bytesPerOrder: bytes / times };
    }
    if (task?.status === "FAILURE") {
      throw new Error(`Archiving failed: ${JSON.stringify(task)}`);
    }
    await sleep(QUIET_MS);
  }
}

interface Archiving {
  status: string;
  result_data: { archived: number; bytes: number };
}

/** Returns the counters once the work that follows a settle has ended too. */
async function whenQuiet(api: Api): Promise<Counts> {
  let before = "";
  for (;;) {
    const counts = await api.get<Counts>("/bench/counts");
    const now = JSON.stringify(counts);
    if (now === before) {
      return counts;
    }
    before = now;
    await sleep(QUIET_MS);
  }
}

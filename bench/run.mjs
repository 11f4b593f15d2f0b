// npm run bench: how fast the started server is, whether it is right, and what an order costs.
import { readFileSync } from "node:fs";
import path from "node:path";
import { ensureInstalled } from "../scripts/lib/install.mjs";
import { stopAll } from "../scripts/lib/processes.mjs";
import { fail } from "../scripts/lib/tools.mjs";
import { startCatalogue } from "./catalogue-process.mjs";
import { compare } from "./compare.mjs";
import { measureCounts } from "./counted.mjs";
import { readOptions, USAGE } from "./options.mjs";
import { distanceTable, measureDistances } from "./distance.mjs";
import { makeOrders } from "./orders.mjs";
import { comparePairs } from "./pairs.mjs";
import { ordersOf } from "./peers.mjs";
import { startProgress } from "./progress.mjs";
import { report } from "./report.mjs";
import { billTable, costTables, scaleTable } from "./table.mjs";
import { measureBare, measureTimes } from "./timed.mjs";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => void stop());
}

const options = optionsOrFail();
await ensureInstalled();
const progress = startProgress();
const result = options.from
  ? lastLineOf(options.from)
  : await measure(options).catch(async (error) => {
      await stopAll(); // asks: a server killed outright would leave its workerd behind
      progress.stop();
      return fail(error.stack);
    });
progress.stop();
console.log(printed());
process.exit(result.verified ? 0 : 1);

function printed() {
  if (options.roundTrips.length > 0) {
    return `${distanceTable(result)}\n\n${JSON.stringify(result)}`;
  }
  return options.simulate ? simulated(options) : JSON.stringify(result);
}

function simulated({ ordersPerDay, oneByOne, dashboards }) {
  return ordersPerDay === undefined
    ? [scaleTable(result.counted), costTables(result)].join("\n\n")
    : billTable(result, { ordersPerDay, oneByOne, dashboards });
}

async function stop() {
  await stopAll();
  process.exit(130);
}

function lastLineOf(file) {
  return JSON.parse(readFileSync(file, "utf8").trim().split("\n").at(-1));
}

function optionsOrFail() {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return options;
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
}

async function measure(options) {
  const { folder, catalogue, orders } = await load(options);
  try {
    const times = async (changed) => {
      const run = { ...options, rate: 0, ...changed };
      return report(run, await measureTimes(run, orders, catalogue, progress));
    };
    if (folder) {
      return await compare(options, folder, (cacheTtl) => times({ cacheTtl }), progress);
    }
    if (options.full) {
      const state = path.resolve(options.full);
      return await comparePairs(options, progress, ["empty", "full"], (name) =>
        times(name === "full" ? { state } : {}),
      );
    }
    if (options.roundTrips.length > 0) {
      return await measureDistances(options, orders, catalogue, progress);
    }
    if (options.listeners > 0) {
      return await comparePairs(options, progress, ["unwatched", "watched"], (name) =>
        times(name === "watched" ? {} : { listeners: 0 }),
      );
    }
    const timed = await measureTimes(options, orders, catalogue, progress);
    const counted =
      options.counted > 0 ? await measureCounts(options, catalogue, progress) : undefined;
    const bare = options.bare ? await measureBare(options, orders, catalogue, progress) : undefined;
    return report(options, timed, counted, bare);
  } finally {
    catalogue.stop();
  }
}

/** With --peers, the folder's own orders and catalogue: the same for all. */
async function load(options) {
  if (options.peers === undefined) {
    const orders = makeOrders({ ...options, count: options.orders });
    return { orders, catalogue: await startCatalogue(options) };
  }
  const folder = path.resolve(options.peers);
  const orders = await ordersOf(folder, options);
  const catalogue = await startCatalogue(options, path.join(folder, "catalogue.mjs"));
  return { folder, orders, catalogue };
}

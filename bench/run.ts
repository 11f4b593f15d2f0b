/** This measures how fast the started server is, whether it is right, and what an order costs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { endCleanly, optionsOrExit } from "../scripts/harness/cleanly.ts";
import { makeOrders } from "../scripts/harness/orders.ts";
import { stopAll } from "../scripts/lib/processes.mjs";
import { startOwnCatalogue, startPeersCatalogue } from "./catalogue-process.ts";
import { compare } from "./compare.ts";
import { measureCounts } from "./counted.ts";
import { type Distances, distanceTable, measureDistances } from "./distance.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { comparePairs } from "./pairs.ts";
import { ordersOf } from "./peers.ts";
import { startProgress } from "./progress.ts";
import { type CountedFigures, report } from "./report.ts";
import { billTable, costTables, scaleTable } from "./table.ts";
import { measureBare, measureTimes } from "./timed.ts";

endCleanly();

const options = optionsOrExit(readOptions, USAGE);
const progress = startProgress(process.stderr);
const result = options.from === undefined ? await measured() : lastLineOf(options.from);
progress.stop();
console.log(printed());
process.exit(result.verified ? 0 : 1);

function printed(): string {
  if (options.roundTrips.length > 0) {
    return `${distanceTable(result as Distances)}\n\n${JSON.stringify(result)}`;
  }
  if (!options.simulate) {
    return JSON.stringify(result);
  }
  const report = result as unknown as CountedFigures & { batch: number };
  return options.ordersPerDay === undefined
    ? [scaleTable(report.counted), costTables(report)].join("\n\n")
    : billTable(report, options);
}

function lastLineOf(file: string): { verified: boolean } {
  return JSON.parse(readFileSync(file, "utf8").trim().split("\n").at(-1) ?? "");
}

async function measured(): Promise<{ verified: boolean }> {
  try {
    return await measure();
  } catch (error) {
    await stopAll(); // a peer that is killed outright would leave its processes behind
    progress.stop();
    console.error(error);
    return process.exit(1);
  }
}

async function measure() {
  const { folder, catalogue, orders } = await load();
  const times = async (changed: Partial<Options> & { state?: string }) => {
    const run = { ...options, rate: 0, ...changed };
    return report(run, await measureTimes(run, orders, catalogue, progress));
  };
  try {
    if (folder !== undefined) {
      return await compare(options, folder, (cacheTtl) => times({ cacheTtl }), progress);
    }
    if (options.full !== undefined) {
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

/**
 * Takes the orders and the catalogue of the folder of --peers, where there is one, so that all do
 * the same.
 */
async function load() {
  if (options.peers === undefined) {
    const orders = makeOrders({ ...options, count: options.orders });
    return { orders, catalogue: await startOwnCatalogue(options) };
  }
  const folder = path.resolve(options.peers);
  const orders = await ordersOf(folder, options);
  return { folder, orders, catalogue: await startPeersCatalogue(options, folder) };
}

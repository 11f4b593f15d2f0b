/**
 * Peers are other systems under the same load: a folder with `peers/NAME`, whose package.json has a
 * script per peer that takes --n, --seed, … and prints one line of JSON. The server here gets that
 * folder's orders and catalogue too, so that all do the same work.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Order } from "../scripts/harness/orders.ts";
import { ended, launch } from "../scripts/lib/processes.mjs";
import type { Options } from "./options.ts";
import type { Run } from "./ratios.ts";

export type PeerRun = Run & { verified: boolean };

/** A condition says for how many seconds a product is remembered, here and there. */
export const CONDITIONS = {
  as_shipped: { ours: 60, theirs: 0 },
  equal_cache: { ours: 60, theirs: 60 },
  no_cache: { ours: 0, theirs: 0 },
};

export function peersIn(folder: string, only: string[] | undefined): string[] {
  const names = readdirSync(path.join(folder, "peers")).toSorted();
  const wanted = only ?? names;
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new Error(`${folder} has no peer ${missing}: it has ${names.join(", ")}`);
  }
  return wanted;
}

interface Generator {
  makeOrders: (mix: { n: number; seed: number; invalid: number }) => Order[];
}

/** Makes orders with the folder's own generator, called as the peers call it. */
export async function ordersOf(folder: string, options: Options): Promise<Order[]> {
  const { orders, seed, invalid } = options;
  const file = pathToFileURL(path.join(folder, "orders.mjs")).href;
  const { makeOrders } = (await import(file)) as Generator;
  return makeOrders({ n: orders, seed, invalid });
}

/** Runs a peer by its own command; resolves to what it printed. Throws when its checks failed. */
export async function runPeer(
  folder: string,
  name: string,
  options: Options,
  cacheTtl: number,
  portBase: number,
): Promise<PeerRun> {
  const flags = {
    n: options.orders,
    seed: options.seed,
    invalid: options.invalid,
    latency: options.latency,
    "fail-rate": options.failRate,
    batch: options.batch,
    inflight: options.inFlight,
    "cache-ttl": cacheTtl,
    mode: "http",
    "port-base": portBase,
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const child = launch("npm", ["run", "-s", name, "--", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const code = await ended(child);
  const line = output.trim().split("\n").at(-1) ?? "";
  if (code !== 0 || !line.startsWith("{")) {
    throw new Error(`${name} failed (exit code ${code}): ${errors || line}`.slice(0, 2000));
  }
  return JSON.parse(line) as PeerRun;
}

import { setTimeout as sleep } from "node:timers/promises";
import { CONDITIONS, peersIn, ratios, runPeer } from "./peers.mjs";
import { machineCpuSeconds } from "./process-figures.mjs";
import { freePort } from "./site.mjs";

const TTLS = [60, 0];
/** Each run waits until others use less than this of a core, but not for ever. */
const QUIET_CORES = 0.2;
const QUIET_PATIENCE_MS = 20_000;
const LOOK_MS = 1000;

/**
 * Runs the server and the peers of a folder in turn, round after round, so that whatever else the
 * machine does falls on all alike, and compares the runs of each round. `runOurs` takes a cache
 * time and resolves to a report.
 */
export async function compare(options, folder, runOurs, progress) {
  const peers = peersIn(folder, options.only);
  const runs = new Map();
  const turns = TTLS.flatMap((ttl) => ["ours", ...peers].map((name) => ({ name, ttl })));
  for (let round = 0; round < options.rounds; round++) {
    for (const { name, ttl } of rotated(turns, round)) {
      progress.show(`round ${round + 1} of ${options.rounds}: ${name}, cache ${ttl} s`);
      await quietMachine();
      const result =
        name === "ours"
          ? await runOurs(ttl)
          : await runPeer(folder, name, options, ttl, await freePort());
      const key = keyOf(name, ttl);
      progress.note(`${key}: ${JSON.stringify(brief(result))}`);
      runs.set(key, [...(runs.get(key) ?? []), result]);
    }
  }
  const all = Object.fromEntries(runs);
  return {
    ...Object.fromEntries(
      Object.entries(CONDITIONS).map(([condition, { ours, theirs }]) => [
        condition,
        Object.fromEntries(
          peers.map((name) => [name, ratios(all[keyOf("ours", ours)], all[keyOf(name, theirs)])]),
        ),
      ]),
    ),
    runs: Object.fromEntries(Object.entries(all).map(([key, each]) => [key, each.map(brief)])),
    verified: Object.values(all).every((each) => each.every(({ verified }) => verified)),
  };
}

/** Waits until others leave the machine alone. */
export async function quietMachine() {
  const giveUpAt = performance.now() + QUIET_PATIENCE_MS;
  let busy = Infinity;
  while (busy > QUIET_CORES && performance.now() < giveUpAt) {
    const before = machineCpuSeconds();
    await sleep(LOOK_MS);
    busy = before === null ? 0 : ((machineCpuSeconds() - before) * 1000) / LOOK_MS;
  }
}

function keyOf(name, ttl) {
  return `${name}, cache ${ttl} s`;
}

/** Each round begins with another, so that none is always first. */
function rotated(turns, by) {
  const start = (by * 3) % turns.length;
  return [...turns.slice(start), ...turns.slice(0, start)];
}

export function brief(run) {
  return {
    orders_per_s: run.orders_per_s_end_to_end,
    cpu_ms_per_order: run.cpu_s_per_1000_orders ?? run.cpu_ms_per_order_stack,
    other_cpu_s: run.other_cpu_s,
    live_messages: run.live_messages,
    peak_memory_mb: run.peak_memory_mb ?? run.peak_rss_mb,
  };
}

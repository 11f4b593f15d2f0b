import { CONDITIONS, peersIn, ratios, runPeer } from "./peers.mjs";
import { freePort } from "./site.mjs";

const TTLS = [60, 0];

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
      const result =
        name === "ours"
          ? await runOurs(ttl)
          : await runPeer(folder, name, options, ttl, await freePort());
      const key = keyOf(name, ttl);
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

function keyOf(name, ttl) {
  return `${name}, cache ${ttl} s`;
}

/** Each round begins with another, so that none is always first. */
function rotated(turns, by) {
  const start = (by * 3) % turns.length;
  return [...turns.slice(start), ...turns.slice(0, start)];
}

function brief(run) {
  return {
    orders_per_s: run.orders_per_s_end_to_end,
    cpu_ms_per_order: run.cpu_s_per_1000_orders ?? run.cpu_ms_per_order_stack,
    other_cpu_s: run.other_cpu_s,
    peak_memory_mb: run.peak_memory_mb ?? run.peak_rss_mb,
  };
}

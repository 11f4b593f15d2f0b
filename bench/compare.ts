import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../scripts/harness/server.ts";
import type { Options } from "./options.ts";
import { CONDITIONS, type PeerRun, peersIn, runPeer } from "./peers.ts";
import { machineCpuSeconds } from "./process-figures.ts";
import type { Progress } from "./progress.ts";
import { brief, ratios } from "./ratios.ts";
import { mapValues } from "./stats.ts";

const TTLS = [60, 0];
/**
 * A run waits until other programs use less than this of a core, but no longer than its patience.
 */
const QUIET_CORES = 0.2;
const QUIET_PATIENCE_MS = 20_000;
const LOOK_MS = 1000;

/**
 * Runs the server and the peers of a folder in turn, round after round, so that whatever else the
 * machine does falls on all alike, and compares the runs of each round. `runOurs` takes a cache
 * time and resolves to a report.
 */
export async function compare(
  options: Options,
  folder: string,
  runOurs: (ttl: number) => Promise<PeerRun>,
  progress: Progress,
) {
  const peers = peersIn(folder, options.only);
  const runs = new Map<string, PeerRun[]>();
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
  const of = (name: string, ttl: number) => runs.get(keyOf(name, ttl)) ?? [];
  return {
    ...mapValues(CONDITIONS, ({ ours, theirs }) =>
      Object.fromEntries(peers.map((name) => [name, ratios(of("ours", ours), of(name, theirs))])),
    ),
    runs: Object.fromEntries([...runs].map(([key, each]) => [key, each.map(brief)])),
    verified: [...runs.values()].flat().every(({ verified }) => verified),
  };
}

/** Waits until other programs leave the machine alone. */
export async function quietMachine(): Promise<void> {
  const giveUpAt = performance.now() + QUIET_PATIENCE_MS;
  let busy = Infinity;
  while (busy > QUIET_CORES && performance.now() < giveUpAt) {
    const before = machineCpuSeconds();
    await sleep(LOOK_MS);
    const after = machineCpuSeconds();
    busy = before === null || after === null ? 0 : ((after - before) * 1000) / LOOK_MS;
  }
}

function keyOf(name: string, ttl: number): string {
  return `${name}, cache ${ttl} s`;
}

/** Lets each round begin with another turn, so that none is always first. */
function rotated<Turn>(turns: readonly Turn[], by: number): Turn[] {
  const start = (by * 3) % turns.length;
  return [...turns.slice(start), ...turns.slice(0, start)];
}

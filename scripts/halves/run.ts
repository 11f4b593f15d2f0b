/**
 * A deployment runs on a state of its own. In each phase orders come in, and all that was accepted
 * before must end by whichever version is at work. What is on its way when a phase ends, a paused
 * queue and a catalogue that is down are left to the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../test/support/random.ts";
import { startCatalogue } from "../harness/catalogue.ts";
import { Load } from "./load.ts";
import type { Options } from "./options.ts";
import type { Phase } from "./phases.ts";
import { reckon, type Reckoning } from "./reckoning.ts";
import { Site } from "./site.ts";

const CATALOGUE_LATENCY_MS = 10;
/** A version that waits for a migration is left waiting so long. */
const WAIT_MS = 3000;

type Say = (line: string) => void;

export async function runDeployment(
  phases: readonly Phase[],
  options: Options,
  say: Say,
): Promise<Reckoning> {
  const load = new Load(options);
  const catalogue = await startCatalogue(CATALOGUE_LATENCY_MS, load.faults.misbehave);
  let site: Site | undefined;
  try {
    site = new Site(options, catalogue.url, seededRandom(options.seed));
    for (const phase of phases) {
      await run(phase, site, load, say);
    }
    return await reckon(phases, site, load);
  } catch (error) {
    const wrong = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { result: { ok: false }, wrongs: [...(site?.wrongs ?? []), wrong] };
  } finally {
    site?.close();
    catalogue.close();
  }
}

async function run(phase: Phase, site: Site, load: Load, say: Say): Promise<void> {
  const { name, waits, migrates, leaves } = phase;
  const startedAt = Date.now();
  await site.enter(phase);
  load.faults.outage = false;
  const { heard } = site;
  const sending = waits
    ? load.send(site, Date.now() + WAIT_MS)
    : Promise.all([load.send(site), load.errands.run(site.api, site.cookie)]);
  if (migrates) {
    await sleep(WAIT_MS / 2);
    const applied = await site.migrate();
    say(`  migrations applied: ${applied.join(", ") || "none is missing"}`);
  }
  await sending;
  if (!waits) {
    await load.expectEnds(site, name);
    if (site.heard === heard) {
      site.wrongs.push(`${name}: an open page heard nothing`);
    }
    await load.leave(site, leaves);
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  say(`${name}: ${seconds} s; ${load.producer.accepted().size} orders accepted so far`);
}

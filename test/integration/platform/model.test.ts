/**
 * The engine is held against a model: any interleaving of accepting, delivering, dying, recovering,
 * cancelling and failing calls, then a fair end. What must hold is in support/model-checks.ts.
 */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Checks } from "../../support/model-checks";
import { enqueue, EXAMPLES, HEALTHY, story, WELL } from "../../support/model-stories";
import { EFFECTS } from "../../support/model-tasks";
import { World } from "../../support/model-world";

/**
 * This many runs take less than a minute. Whoever changes the engine may well let it run a
 * thousand, from other seeds.
 */
const RUNS = 100;
/** The stories are the same every time, so that a change is not blamed for another's. */
const SEED = 1;
/** A fair end may take this many rounds. */
const ROUNDS = 40;

/** Lets everything work again and every message arrive, so that every task must come to its end. */
async function endFairly(world: World, checks: Checks): Promise<void> {
  world.catalogueDown = false;
  while (world.inFlight.length > 0) {
    await world.finish(0);
  }
  for (let round = 0; round < ROUNDS && (await hasWork(world)); round++) {
    await world.deliver({ ...WELL, messages: "all", doubles: [] });
    await checks.always();
    // Work elsewhere that was registered ahead may wait for a day.
    world.pass(round < 10 ? 46_000 : round < 30 ? 600_000 : 3 * 3_600_000);
    await world.recover(HEALTHY);
  }
}

async function hasWork(world: World): Promise<boolean> {
  const open = await env.DB.prepare(
    `SELECT EXISTS (SELECT 1 FROM tasks WHERE status IN ('PENDING','RETRY'))
       OR EXISTS (SELECT 1 FROM leases) AS open`,
  ).first<{ open: number }>();
  return open?.open === 1 || world.queue.messages.length > 0;
}

beforeEach(async () => {
  await env.DB.prepare(EFFECTS).run();
  vi.useFakeTimers({ toFake: ["Date"] });
  // Retries of D1 calls need no pause here.
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (callback: () => void, ms: number) =>
    setTimeout(callback, ms < 1000 ? 0 : ms),
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("keeps its promises whatever happens (I1 to I6)", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(enqueue, story, async (first, then) => {
      await World.clear();
      const startedAt = Date.now();
      const world = new World();
      const checks = new Checks(world);
      try {
        for (const one of [first, ...then]) {
          await one.run(world);
          await checks.always();
        }
        await endFairly(world, checks);
        await checks.finally(startedAt);
        const late = [...world.producer.accepted.keys()];
        await world.deliver({ ...WELL, messages: [], doubles: late, strangers: true });
        await checks.finally(startedAt);
        expect(world.inFlight).toEqual([]);
      } finally {
        await world.bury();
      }
    }),
    {
      numRuns: RUNS,
      seed: SEED,
      examples: EXAMPLES,
      interruptAfterTimeLimit: 580_000,
      markInterruptAsFailure: true,
    },
  );
});

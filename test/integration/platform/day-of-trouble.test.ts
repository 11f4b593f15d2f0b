/** D1 is in trouble for a day, with orders accepted before. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { D1Call, D1Fault } from "../../platform/d1";
import { D1_ERROR_NAMES } from "../../platform/d1-errors";
import { stubCatalogue } from "../../support/catalogue";
import { CATALOGUE_URL, product } from "../../support/catalogue";
import { anOrder } from "../../support/orders";
import { seededRandom } from "../../support/random";
import { Simulation } from "../../support/simulation";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const ORDERS = 60;

const overloads = ["queued too long", "too many queued"] as const;
const passing = D1_ERROR_NAMES.filter(
  (name) => name !== "full" && !(overloads as readonly string[]).includes(name),
);

type Trouble = (call: D1Call) => D1Fault | null;

/** Makes each error in turn, for a share of the calls; half of what fails has committed. */
function trouble(errors: readonly (typeof D1_ERROR_NAMES)[number][], share = 1): Trouble {
  const random = seededRandom(1);
  let calls = 0;
  return () => {
    calls += 1;
    return random() < share
      ? { error: errors[calls % errors.length], committed: share < 1 && random() < 0.5 }
      : null;
  };
}

const FORMS: Record<string, () => Trouble> = {
  "is down": () => trouble(passing),
  "fails half of its calls": () => trouble(passing, 0.5),
  "is overloaded": () => trouble(overloads),
  "is full": () => (call) => (call.writes ? { error: "full" } : null),
};

beforeEach(async () => {
  await Simulation.clear();
  vi.useFakeTimers({ toFake: ["Date"] });
  stubCatalogue((id) => product(id));
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/**
 * Returns what was held against tasks: crashes, suspicions and errors, also those in their history.
 */
async function blame(): Promise<unknown> {
  return env.DB.prepare(
    `SELECT sum(crashes) AS crashes, sum(suspect) AS suspects,
       count(*) FILTER (WHERE timeline LIKE '%crashed%' OR timeline LIKE '%suspected%') AS blamed,
       count(*) FILTER (WHERE error_code IS NOT NULL) AS errors
     FROM tasks`,
  ).first();
}

async function liveThrough(fault: Trouble, maxRetries?: number): Promise<Simulation> {
  const world = new Simulation({ CATALOGUE_URL, RECOVERY_SECONDS: "300" }, maxRetries);
  await world.accept(Array.from({ length: ORDERS }, () => anOrder()));
  world.database.fault = fault;
  await world.run(DAY);
  world.database.fault = undefined;
  return world;
}

async function expectAllWell(world: Simulation): Promise<void> {
  expect(await world.ends()).toEqual({
    tasks: { SUCCESS: ORDERS },
    stored: ORDERS,
    leases: 0,
    attempts: 1,
  });
  expect(await blame()).toEqual({ crashes: 0, suspects: 0, blamed: 0, errors: 0 });
}

describe.each(Object.entries(FORMS))("a D1 that %s all day", (_name, form) => {
  it("loses nothing, fails nothing, and costs no attempt", { timeout: 120_000 }, async () => {
    const world = await liveThrough(form());
    await world.run(HOUR);
    await expectAllWell(world);
    expect(world.deadLettersRead).toBe(0);
  });

  it(
    "nor if every message is given up on, and the dead letters are read first",
    { timeout: 120_000 },
    async () => {
      const world = await liveThrough(form(), 5);
      await world.run(HOUR);
      await expectAllWell(world);
    },
  );
});

/**
 * The engine against a model: any interleaving of accepting, delivering, dying, recovering,
 * cancelling and failing calls, then a fair end. What must hold is in support/model-checks.ts.
 */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Checks } from "../support/model-checks";
import {
  type DeliveryPlan,
  EFFECTS,
  type FaultPlan,
  type Plan,
  type RecoveryPlan,
  type Step,
  STEPS,
} from "../support/model-world";
import { World } from "../support/model-world";

const RUNS = 100;

interface Act {
  run(world: World): Promise<void>;
  /** For the counterexample. */
  toString(): string;
}

const place = fc.nat(11);
const seldom = fc.integer({ min: 0, max: 7 }).map((roll) => roll === 7);
const often = fc.boolean();
const places = fc.array(place, { minLength: 1, maxLength: 4 });
const waits = fc.constantFrom(1000, 12_000, 91_000, 700_000);

const fault: fc.Arbitrary<FaultPlan> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.record({
      fault: fc.constantFrom("fails" as const, "commits, but is reported failed" as const),
      times: fc.oneof(
        { weight: 4, arbitrary: fc.constant("once" as const) },
        { weight: 1, arbitrary: fc.constant("always" as const) },
      ),
    }),
  },
);

const script: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }) },
  // Kills every worker that runs it.
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 60 }, () => "die" as const)) },
);
const ownTask = fc.record({ kind: fc.constantFrom("single" as const, "batch" as const), script });
const order = fc.record({
  kind: fc.constant("order" as const),
  orderKey: fc.nat(1),
  content: fc.constantFrom(
    "good" as const,
    "good" as const,
    "good" as const,
    "good" as const,
    "empty" as const,
    "unknown sku" as const,
  ),
});
const plan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 5, arbitrary: ownTask },
  { weight: 4, arbitrary: order },
);

function actOf<T>(name: string, value: T, run: (world: World, value: T) => unknown): Act {
  return {
    run: async (world) => void (await run(world, value)),
    toString: () => `${name} ${fc.stringify(value)}`,
  };
}

function act<T>(name: string, given: fc.Arbitrary<T>, run: (world: World, value: T) => unknown) {
  return given.map((value) => actOf(name, value, run));
}

const enqueue = act(
  "enqueue",
  fc.tuple(fc.array(plan, { minLength: 1, maxLength: 5 }), fault, seldom, seldom),
  (world, [plans, fault, twice, deaf]) => world.enqueue(plans, fault, twice, deaf),
);
const delivery: fc.Arbitrary<DeliveryPlan> = fc.record({
  messages: fc.oneof(
    { weight: 2, arbitrary: fc.constant("all" as const) },
    { weight: 3, arbitrary: fc.array(place, { maxLength: 6 }) },
  ),
  doubles: fc.array(place, { maxLength: 3 }),
  strangers: seldom,
  claim: fault,
  settle: fault,
  registry: fc.constantFrom("well", "well", "down", "deaf"),
  held: often,
  ending: fc.constantFrom("answered", "answered", "answered", "redelivered", "lost"),
});

const cancel = (world: World, [which, fault]: [number, FaultPlan]) => world.cancel(which, fault);
const deadLetter = (world: World, [which, double]: [number, boolean]) =>
  world.deadLetter(which, double);
const recovery: fc.Arbitrary<RecoveryPlan> = fc.record({
  twice: seldom,
  blind: seldom,
  refuses: seldom,
  beat: seldom,
  fault,
});

const others: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: act("lapse", fc.constant(null), (world) => world.lapse()) },
  { weight: 4, arbitrary: act("recover", recovery, (world, plan) => world.recover(plan)) },
  { weight: 3, arbitrary: act("pass", waits, (world, ms) => world.pass(ms)) },
  { weight: 3, arbitrary: act("cancel", fc.tuple(place, fault), cancel) },
  { weight: 2, arbitrary: act("retry", place, (world, which) => world.retry(which)) },
  { weight: 2, arbitrary: act("dead letter", fc.tuple(place, often), deadLetter) },
  { weight: 1, arbitrary: act("lose", places, (world, which) => world.lose(which)) },
  { weight: 1, arbitrary: act("outage", often, (world, down) => (world.catalogueDown = down)) },
);
const deliver = act("deliver", delivery, (world, plan) => world.deliver(plan));
const hold = (plan: DeliveryPlan) => (world: World) => world.deliver({ ...plan, held: true });
const finish = act("finish", place, (world, which) => world.finish(which));
const kill = act("kill", place, (world, which) => world.kill(which));

const HEALTHY = { twice: false, blind: false, refuses: false, beat: false, fault: null };
/** The lease of a held delivery is given up. */
const GIVEN_UP = [
  actOf("lapse", null, (world) => world.lapse()),
  actOf("recover", HEALTHY, (world) => world.recover(HEALTHY)),
];

/** Something happens while a delivery is held; it may be held on after. */
const overlap = fc
  .tuple(
    delivery.map((plan) => actOf("deliver", { ...plan, held: true }, hold(plan))),
    often,
    fc.array(fc.oneof({ weight: 3, arbitrary: others }, deliver), { maxLength: 4 }),
    fc.oneof({ weight: 3, arbitrary: finish }, kill),
  )
  .map(([held, givenUp, during, end]) => [held, ...(givenUp ? GIVEN_UP : []), ...during, end]);

const story: fc.Arbitrary<Act[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: overlap },
      {
        weight: 6,
        arbitrary: fc.oneof(enqueue, deliver, deliver, finish, others, others).map((one) => [one]),
      },
    ),
    { minLength: 1, maxLength: 14 },
  )
  .map((scenes) => scenes.flat());

const WELL = {
  claim: null,
  settle: null,
  registry: "well",
  held: false,
  ending: "answered",
  strangers: false,
} as const;
const ROUNDS = 40;

/** Everything works again and every message arrives: then every task must come to its end. */
async function endFairly(world: World, checks: Checks): Promise<void> {
  world.catalogueDown = false;
  while (world.inFlight.length > 0) {
    await world.finish(0);
  }
  for (let round = 0; round < ROUNDS && (await hasWork(world)); round++) {
    await world.deliver({ ...WELL, messages: "all", doubles: [] });
    await checks.always();
    world.pass(round < 10 ? 46_000 : 600_000);
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

it("keeps its promises whatever happens (I1 to I6)", { timeout: 300_000 }, async () => {
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
        const late = [...world.accepted.keys()];
        await world.deliver({ ...WELL, messages: [], doubles: late, strangers: true });
        await checks.finally(startedAt);
        expect(world.inFlight).toEqual([]);
      } finally {
        await world.bury();
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
  );
});

/** Stories of a `World` are drawn by fast-check, besides some that are told every time. */
import * as fc from "fast-check";
import {
  type DeliveryPlan,
  type FaultPlan,
  type Plan,
  type RecoveryPlan,
  type Report,
  REPORTS,
  type Step,
  STEPS,
} from "./model-plans";
import type { World } from "./model-world";

export interface Act {
  run(world: World): Promise<void>;
  /** The text is for the counterexample. */
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

/** This script kills every worker that runs it. */
const KILLER = Array.from({ length: 60 }, () => "die" as const);
const script: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant(KILLER) },
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

export const enqueue = act(
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

const edited = fc.array(fc.constantFrom(...STEPS), { maxLength: 2 });
const patience = fc.constantFrom(30_000, 600_000);
const report = fc.tuple(place, fc.constantFrom(...REPORTS));

const others: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: act("discard", place, (world, which) => world.discard(which)) },
  {
    weight: 1,
    arbitrary: act("replay", fc.tuple(place, edited), (world, given) => world.replay(...given)),
  },
  {
    weight: 2,
    arbitrary: act("track", fc.tuple(fc.nat(2), patience), (world, given) => world.track(...given)),
  },
  { weight: 2, arbitrary: act("report", report, (world, given) => world.report(...given)) },
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

export const HEALTHY: RecoveryPlan = {
  twice: false,
  blind: false,
  refuses: false,
  beat: false,
  fault: null,
};
/** The lease of a held delivery is given up by these acts. */
const GIVEN_UP = [
  actOf("lapse", null, (world) => world.lapse()),
  actOf("recover", HEALTHY, (world) => world.recover(HEALTHY)),
];

/** An overlap is what happens while a delivery is held, which may go on afterwards. */
const overlap = fc
  .tuple(
    delivery.map((plan) => actOf("deliver", { ...plan, held: true }, hold(plan))),
    often,
    fc.array(fc.oneof({ weight: 3, arbitrary: others }, deliver), { maxLength: 4 }),
    fc.oneof({ weight: 3, arbitrary: finish }, kill),
  )
  .map(([held, givenUp, during, end]) => [held, ...(givenUp ? GIVEN_UP : []), ...during, end]);

export const story: fc.Arbitrary<Act[]> = fc
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

export const WELL = {
  claim: null,
  settle: null,
  registry: "well",
  held: false,
  ending: "answered",
  strangers: false,
} as const;
const send = (...plans: Plan[]) =>
  actOf("enqueue", plans, (world) => world.enqueue(plans, null, false, false));
const deliverAll = (given: Partial<DeliveryPlan> = {}) => {
  const plan: DeliveryPlan = { ...WELL, messages: "all", doubles: [], ...given };
  return actOf("deliver", plan, (world) => world.deliver(plan));
};
const sameOrder: Plan = { kind: "order", orderKey: 0, content: "good" };
const own = (...script: Step[]): Plan => ({ kind: "batch", script });
const simple = own();
const passLong = actOf("pass", 91_000, (world) => world.pass(91_000));
const loseAll = actOf("lose", "all", (world) => world.lose("all"));
const retryFirst = actOf("retry", 0, (world) => world.retry(0));
const deadLetterFirst = actOf("dead letter", 0, (world) => world.deadLetter(0, true));
const times = (count: number, ...acts: Act[]) => Array.from({ length: count }, () => acts).flat();
const cancelFirst = actOf("cancel", 0, (world) => world.cancel(0, null));
const track = (ms: number) => actOf("track", ms, (world) => world.track(0, ms));
const reportFirst = (what: Report) => actOf("report", what, (world) => world.report(0, what));
const recoverWell = actOf("recover", HEALTHY, (world) => world.recover(HEALTHY));
const discardFirst = actOf("discard", 0, (world) => world.discard(0));
const replayFirst = actOf("replay", 0, (world) => world.replay(0, []));
const finishFirst = actOf("finish", 0, (world) => world.finish(0));

/** These examples run first, every time. Each shows what a fence of the engine is there for. */
export const EXAMPLES: [Act, Act[]][] = [
  // A holder that was given up on comes back, before and after another took over.
  [send(simple, sameOrder), [deliverAll({ held: true }), ...GIVEN_UP, finishFirst]],
  [
    send(simple, sameOrder),
    [
      deliverAll({ held: true }),
      ...GIVEN_UP,
      deliverAll({ held: true, doubles: [0, 1] }),
      finishFirst,
    ],
  ],
  // A task is cancelled, or its message given up on, while it runs.
  [send(simple, sameOrder), [deliverAll({ held: true }), cancelFirst, finishFirst]],
  [send(simple, sameOrder), [deliverAll({ held: true }), deadLetterFirst, finishFirst]],
  // The registry does not tell equal orders apart, and one of them is late.
  [
    send(sameOrder),
    [
      deliverAll({ held: true, registry: "down" }),
      send(sameOrder),
      deliverAll({ registry: "down" }),
      finishFirst,
    ],
  ],
  // A task among others kills every worker.
  [send(simple, { kind: "single", script: KILLER }, simple), [deliverAll()]],
  // A task throws in every batch.
  [send(simple, own("throw", "throw", "throw", "throw"), simple), [deliverAll()]],
  // Fresh attempts are as many as the first ones.
  [
    send(own("retry", "retry", "retry", "retry")),
    [...times(3, deliverAll(), passLong), retryFirst],
  ],
  [send(own("die", "die", "die", "die")), [...times(4, deliverAll(), ...GIVEN_UP), retryFirst]],
  // Work elsewhere is silent and lost, then heard of again; or it ends, and a message names it.
  [track(30_000), [passLong, recoverWell, reportFirst("done"), retryFirst, discardFirst]],
  [
    track(600_000),
    [reportFirst("progress"), passLong, recoverWell, deliverAll({ doubles: [0] }), deadLetterFirst],
  ],
  [track(600_000), [reportFirst("done"), reportFirst("reject"), cancelFirst, retryFirst]],
  [track(600_000), [cancelFirst, reportFirst("progress"), retryFirst, replayFirst]],
  // A person gives a task up, then runs it again after all; or replays an edited copy.
  [
    send(own("reject")),
    [deliverAll(), discardFirst, discardFirst, retryFirst, deliverAll(), discardFirst],
  ],
  [send(sameOrder), [deliverAll(), replayFirst, deliverAll(), retryFirst]],
  [send(own("reject")), [deliverAll(), replayFirst, deliverAll(), retryFirst, deliverAll()]],
  // Every message is lost.
  [send(simple, sameOrder), times(14, loseAll, ...GIVEN_UP)],
  // A heartbeat comes just before its lease is broken.
  [
    send(simple, simple),
    [
      deliverAll({ held: true }),
      actOf("lapse", null, (world) => world.lapse()),
      actOf("recover", "beat", (world) => world.recover({ ...HEALTHY, beat: true })),
      finishFirst,
    ],
  ],
];

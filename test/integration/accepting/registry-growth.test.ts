/** The registry's objects grow in number, deployment by deployment, under load. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { claimOrders, confirmStored, ownersOf } from "../../../src/orders/pipeline/registry";
import { moveRegistry } from "../../../src/orders/pipeline/registry-move";
import type { Layouts } from "../../../src/orders/pipeline/registry-layouts";
import { orderTask } from "../../../src/orders/pipeline/task";
import { Engine } from "../../../src/tasks/model/engine";
import { archiveOrders, forgetArchive, ownRegistry } from "../../support/archived";
import { deliver, passTime, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

afterEach(async () => {
  vi.restoreAllMocks();
  await forgetArchive();
});

const BEFORE: Layouts = [2];
const GROWING: Layouts = [5, 2];
const AFTER: Layouts = [5];
/** This many calls are enough for a slice. */
const BRIEF = 5;

type Order = Record<string, unknown>;
const idOf = (order: Order) => String(order["id"]);
const orders = (count: number) => Array.from({ length: count }, () => anOrder());

/** Makes a deployment whose versions differ in the layouts they know. */
function aDeployment() {
  const registry = ownRegistry();
  const tested = testEnv(registry);
  const run = (ids: readonly string[], layouts: Layouts) =>
    deliver(ids, tested, new Engine([orderTask(layouts)]));
  return {
    ...registry,
    tested,
    run,
    /** Sends orders to versions, to all of these at once. */
    async send(sent: readonly (readonly [Order[], Layouts])[]): Promise<string[]> {
      const batches = await Promise.all(
        sent.map(async ([some, layouts]) => {
          const ids = await storeOrders(tested, some);
          return [ids, layouts] as const;
        }),
      );
      await Promise.all(batches.map(([ids, layouts]) => run(ids, layouts)));
      return batches.flatMap(([ids]) => ids);
    },
    /** Lets what waits run until its end, on the versions given in turn. */
    async settle(ids: readonly string[], ...versions: Layouts[]): Promise<void> {
      for (let round = 0; round < 6; round++) {
        await passWaits(ids);
        await run(ids, versions[round % versions.length] ?? AFTER);
      }
    },
    archive: (some: readonly Order[], layouts: Layouts) =>
      archiveOrders(tested, some.map(idOf), layouts),
    move: (calls?: number) => moveRegistry(tested, GROWING, calls),
  };
}

/** Checks that each order was stored by one of all the tasks that ever tried, and returns which. */
async function winnersOf(taskIds: readonly string[]): Promise<Map<string, string>> {
  const tasks = await Promise.all(taskIds.map(taskOf));
  const winners = new Map<string, string>();
  for (const { id, subject, status } of tasks) {
    if (status === "SUCCESS") {
      expect(winners.get(subject ?? ""), `${subject} is stored twice`).toBeUndefined();
      winners.set(subject ?? "", id);
    }
  }
  for (const { subject, status, error_code, error_detail } of tasks) {
    if (status !== "SUCCESS") {
      expect({ status, error_code }).toEqual({ status: "FAILURE", error_code: "duplicate_order" });
      expect(JSON.parse(error_detail ?? "")).toMatchObject({ winner: winners.get(subject ?? "") });
    }
  }
  return winners;
}

describe("growing from two objects to five", () => {
  it("with live data, all the way: no id is stored twice, none is forgotten", async () => {
    const world = aDeployment();
    const [old, recent, moving, late, last] = [
      orders(20),
      orders(20),
      orders(20),
      orders(20),
      orders(20),
    ];
    const tasks = await world.send([[old, BEFORE]]);
    expect(await world.archive(old, BEFORE)).toHaveLength(20);
    tasks.push(...(await world.send([[recent, BEFORE]])));

    // Both versions serve and get the same orders at once, while the copying goes on.
    const both = async (some: Order[]) => {
      const [ids] = await Promise.all([
        world.send([
          [some, BEFORE],
          [some, GROWING],
        ]),
        world.move(BRIEF),
      ]);
      tasks.push(...ids);
      await world.settle(ids, BEFORE, GROWING);
    };
    await both([...old, ...moving]);
    await both(recent);
    expect(await world.archive(recent, GROWING)).toHaveLength(20);
    while (!(await world.move(BRIEF))) {
      // The cron comes again.
    }

    // The old layout is taken off the list: for a while versions with and without it serve.
    const stored = [...old, ...recent, ...moving];
    const ids = await world.send([
      [[...stored, ...late], GROWING],
      [[...stored, ...late], AFTER],
    ]);
    tasks.push(...ids);
    await world.settle(ids, GROWING, AFTER);
    expect(await world.archive([...moving, ...late], AFTER)).toHaveLength(40);

    // What left D1 by the version that no longer knows the old layout is known to the other one,
    // too.
    for (const version of [GROWING, AFTER]) {
      tasks.push(...(await world.send([[[...stored, ...late, ...last], version]])));
    }
    await world.settle(tasks, AFTER);
    const winners = await winnersOf(tasks);
    expect(winners.size).toBe(100);
    const known = await ownersOf(world.tested, [...winners.keys()], AFTER);
    expect(known).toEqual(winners);
    const left = await env.DB.prepare(
      "SELECT count(*) AS n FROM orders WHERE id IN (SELECT value FROM json_each(?))",
    )
      .bind(JSON.stringify(stored.map(idOf)))
      .first();
    expect(left).toEqual({ n: 0 });
  });

  it.each([
    ["before and during", BEFORE, GROWING],
    ["during and after", GROWING, AFTER],
  ])("an id is given to one of two versions that serve at once: %s", async (_, one, other) => {
    const world = aDeployment();
    await world.move();
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const order = anOrder();
      const [a = "", b = ""] = await storeOrders(world.tested, [order, order]);
      // The first task has claimed and not settled, as it waits for its product.
      let claimed = () => {};
      const reached = new Promise<void>((resolve) => (claimed = resolve));
      let go = () => {};
      const gate = new Promise<void>((resolve) => (go = resolve));
      const slow = orderTask(first);
      const running = deliver(
        [a],
        world.tested,
        new Engine([
          {
            ...slow,
            runBatch: async (tasks, context) => {
              const result = slow.kind === "batch" && (await slow.runBatch(tasks, context));
              claimed();
              await gate;
              return result || { outcomes: new Map(), stored: new Map() };
            },
          },
        ]),
      );
      await reached;
      await world.run([b], second);
      expect(await taskOf(b)).toMatchObject({ status: "RETRY", error_code: "order_held" });
      go();
      await running;
      await world.settle([b], second);
      expect([...(await winnersOf([a, b])).values()]).toEqual([a]);
    }
  });

  it.each([
    [BEFORE, GROWING],
    [GROWING, BEFORE],
    [GROWING, AFTER],
    [AFTER, GROWING],
  ])("what leaves D1 by version %j is a duplicate for %j beside it", async (one, other) => {
    const { tested, move } = aDeployment();
    if ([one, other].includes(AFTER)) {
      await move();
    }
    const stored = { orderId: "PED-1", taskId: "first" };
    expect((await confirmStored(tested, [stored], one)).size).toBe(1);
    const again = [{ orderId: "PED-1", taskId: "again" }];
    const answers = await claimOrders(tested, again, 0, 1000, other);
    expect(answers.get("again")).toEqual({ state: "done", taskId: "first" });
    expect(await ownersOf(tested, ["PED-1"], other)).toEqual(new Map([["PED-1", "first"]]));
  });

  it("asks one layout's objects as often as before, and both layouts' while it grows", async () => {
    const world = aDeployment();
    await world.send([[orders(100), AFTER]]);
    expect(world.calls.filter((call) => call.endsWith("claimMany"))).toHaveLength(5);
    expect(world.calls.filter((call) => call.endsWith("settleMany"))).toHaveLength(5);
    world.calls.length = 0;
    await world.send([[orders(100), GROWING]]);
    expect(world.calls.filter((call) => call.endsWith("claimMany"))).toHaveLength(7);
    expect(world.calls).toHaveLength(14);
  });
});

describe("an id cannot be forgotten", () => {
  const claims = Array.from({ length: 30 }, (_, index) => ({
    orderId: `PED-${index}`,
    taskId: `task-${index}`,
  }));
  const silence = () => vi.spyOn(console, "error").mockImplementation(() => undefined);

  it("by a version that confirms only where the copying has passed: none leaves by it", async () => {
    silence();
    const { tested, move } = aDeployment();
    await confirmStored(tested, claims.slice(0, 10), BEFORE);
    expect(await move(0)).toBe(false); // The move has only begun.
    expect((await confirmStored(tested, claims.slice(10, 20), BEFORE)).size).toBeLessThan(10);
    expect((await confirmStored(tested, claims.slice(20), GROWING)).size).toBe(10);
    expect(await move()).toBe(true);
    expect((await confirmStored(tested, claims.slice(10, 20), BEFORE)).size).toBe(0);
    const known = await ownersOf(
      tested,
      claims.map(({ orderId }) => orderId),
      AFTER,
    );
    expect(known.size).toBeGreaterThanOrEqual(20);
    expect([...known.keys()]).toEqual(
      expect.arrayContaining(
        [...claims.slice(0, 10), ...claims.slice(20)].map(({ orderId }) => orderId),
      ),
    );
  });

  it("by taking the old layout off the list too early: orders wait for it", async () => {
    silence();
    const world = aDeployment();
    const stored = orders(20);
    const tasks = await world.send([[stored, BEFORE]]);
    await world.archive(stored, BEFORE);
    await world.send([[orders(100), GROWING]]);
    const early = await world.send([[[...stored, ...orders(5)], AFTER]]);
    for (const id of early) {
      expect(await taskOf(id)).toMatchObject({ attempts: 0, error_code: "registry_unavailable" });
    }
    await expect(ownersOf(world.tested, stored.map(idOf), AFTER)).rejects.toThrow("ask them too");
    expect(await world.archive(stored, AFTER)).toEqual([]);
    await world.settle(early, GROWING);
    expect((await winnersOf([...tasks, ...early])).size).toBe(25);
  });

  it("by a copying that fails, is cut off, or runs twice at once", async () => {
    silence();
    const { tested, failing, move } = aDeployment();
    const many = Array.from({ length: 6000 }, (_, index) => ({
      orderId: `PED-${index}`,
      taskId: crypto.randomUUID(),
    }));
    for (let at = 0; at < many.length; at += 1000) {
      await confirmStored(tested, many.slice(at, at + 1000), BEFORE);
    }
    failing.add(":5:3.confirmMany");
    expect(await move()).toBe(false);
    failing.clear();
    expect(await move(1)).toBe(false); // This call is one slice of the move.
    failing.add(":5:1.complete");
    expect(await Promise.all([move(), move()])).toEqual([false, false]);
    const asked = many.map(({ orderId }) => orderId);
    await expect(ownersOf(tested, asked, AFTER)).rejects.toThrow("ask them too");
    failing.clear();
    expect(await move()).toBe(true);
    const known = await ownersOf(tested, asked, AFTER);
    expect(known).toEqual(new Map(many.map(({ orderId, taskId }) => [orderId, taskId])));
  });

  it("in any order of what versions do, and of what fails", { timeout: 120_000 }, async () => {
    silence();
    vi.spyOn(console, "info").mockImplementation(() => undefined);
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    const ORDERS = 4;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("order" as const),
          order: fc.nat(ORDERS - 1),
          newer: fc.boolean(),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("archive" as const),
          order: fc.nat(ORDERS - 1),
          newer: fc.boolean(),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("move" as const), calls: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("deploy" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("fail" as const),
          what: fc.constantFrom("", ":2:0.", ":5:1.", "settleMany", "confirmMany", "complete"),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = aDeployment();
        const versions = [BEFORE, GROWING, AFTER];
        const all = orders(ORDERS);
        const tasks: string[] = [];
        let [deployed, moved] = [0, false];
        // The deployed version serves, and for a while the one before.
        const serving = (newer: boolean) =>
          versions[newer ? deployed : Math.max(deployed - 1, 0)] ?? BEFORE;
        for (const each of steps) {
          switch (each.do) {
            case "order":
              tasks.push(...(await world.send([[[all[each.order] ?? {}], serving(each.newer)]])));
              break;
            case "archive":
              await world.archive([all[each.order] ?? {}], serving(each.newer));
              break;
            case "move":
              moved ||= deployed === 1 && (await world.move(each.calls));
              break;
            case "deploy":
              deployed = Math.min(deployed + 1, moved ? 2 : 1);
              break;
            case "fail":
              world.failing.clear();
              if (each.what !== "") {
                world.failing.add(each.what);
              }
              break;
          }
        }
        world.failing.clear();
        passTime(60_000); // Claims that nobody released expire.
        tasks.push(...(await world.send([[all, serving(true)]])));
        await world.settle(tasks, serving(true), serving(false));
        expect((await winnersOf(tasks)).size).toBe(ORDERS);
      }),
      { numRuns: Number(env.FUZZ_RUNS) || 15 },
    );
  });
});

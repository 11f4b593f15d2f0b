/** Messages come twice, late, out of order or never, and clocks jump. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { claimOrders } from "../../../src/orders/pipeline/registry";
import { recover } from "../../../src/tasks/recovery/recover";
import { takeAndDie, taskOf } from "../../support/engine";
import { taskIdOf } from "../../platform/batch";
import type { Waiting } from "../../platform/queue";
import { anOrder } from "../../support/orders";
import { seededRandom } from "../../support/random";
import { inBatches, Simulation } from "../../support/simulation";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LEASE_MS = 45_000;

const orders = (count: number) => Array.from({ length: count }, () => anOrder());
const jump = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(async () => {
  await Simulation.clear();
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("messages", () => {
  it("doubled, delayed and shuffled, to consumers side by side: each order is stored once", async () => {
    const random = seededRandom(3);
    const world = new Simulation();
    const sent = orders(150);
    // Thirty ids come again, in the same request and in another.
    const ids = await world.accept([...sent, ...sent.slice(0, 15)]);
    ids.push(...(await world.accept(sent.slice(15, 30))));
    let doubles = 300;
    world.platform = (messages) => {
      for (const message of messages) {
        if (doubles > 0 && random() < 0.7) {
          doubles -= 1;
          const delayMs = random() < 0.5 ? 0 : Math.floor(random() * 3) * MINUTE;
          world.queue.takeBack({ ...message, id: `${message.id}'` }, delayMs);
        }
      }
      const shuffled = messages
        .map((message): [number, Waiting] => [random(), message])
        .toSorted(([a], [b]) => a - b)
        .map(([, message]) => message);
      return [...inBatches(shuffled.slice(0, 70)), ...inBatches(shuffled.slice(70))];
    };
    await world.run(10 * MINUTE);
    expect(doubles).toBe(0);
    const ends = { tasks: { SUCCESS: 150, FAILURE: 30 }, stored: 150, leases: 0, attempts: 1 };
    expect(await world.ends()).toEqual(ends);

    // All messages come once more, long after.
    const before = await Promise.all(ids.map(taskOf));
    jump(HOUR);
    ids.forEach((task_id) => world.queue.messages.push(world.queue.make({ v: 1, task_id })));
    await world.run(MINUTE);
    expect(await Promise.all(ids.map(taskOf))).toEqual(before);
    expect(await world.ends()).toEqual(ends);
  });

  it("of which the queue takes only some: recovery sends the others, and only these", async () => {
    const world = new Simulation();
    const binding = world.env.QUEUE_ORDERS;
    const sendBatch = binding.sendBatch.bind(binding);
    let calls = 0;
    binding.sendBatch = async (messages, options) => {
      calls += 1;
      if (calls <= 6 && calls % 2 === 0) {
        throw new Error("Too Many Requests");
      }
      return sendBatch(messages, options);
    };
    const ids = await world.accept(orders(600));
    expect(world.queue.sent).toHaveLength(300);
    await world.run(2 * MINUTE);
    expect(await world.ends()).toMatchObject({ tasks: { SUCCESS: 600 }, stored: 600, leases: 0 });
    expect(world.queue.sent.map((body) => taskIdOf({ body }) ?? "").toSorted()).toEqual(
      ids.toSorted(),
    );
  });
});

describe("a holder that died", () => {
  it("holds its orders' ids no longer than its lease: another task may have them", async () => {
    const world = new Simulation();
    const order = anOrder();
    const [dead = ""] = await world.accept([order]);
    world.lose();
    await takeAndDie([dead]);
    const claims = [{ orderId: String(order["id"]), taskId: dead }];
    await claimOrders(env, claims, Date.now(), Date.now() + LEASE_MS);
    // Nobody comes back for the dead task: only its claim and its lease are left of it.
    await env.DB.prepare("UPDATE tasks SET check_at = ?1, ready_at = ?1 WHERE id = ?2")
      .bind(Date.now() + 10 * MINUTE, dead)
      .run();
    const [other] = await world.accept([order]);
    await world.run(LEASE_MS - 15_000);
    expect(await taskOf(other)).toMatchObject({ status: "RETRY", error_code: "order_held" });
    await world.run(MINUTE);
    expect((await taskOf(other)).status).toBe("SUCCESS");
    await world.run(10 * MINUTE);
    expect(await taskOf(dead)).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    expect(await world.ends()).toMatchObject({ stored: 1, leases: 0 });
  });

  it("is found by two recoveries at once: one crash is counted, and all ends well", async () => {
    const world = new Simulation();
    const ids = await world.accept(orders(20));
    world.lose();
    await takeAndDie(ids);
    jump(LEASE_MS);
    const twice = () =>
      Promise.all([recover(world.env, Date.now()), recover(world.env, Date.now())]);
    const [one, other] = await twice();
    expect(one.lapsed + other.lapsed).toBe(1);
    world.lose();
    const [alone = ""] = ids;
    for (const crashes of [1, 2]) {
      expect(await takeAndDie([alone], true)).toBe(1);
      jump(LEASE_MS);
      await twice();
      const row = env.DB.prepare("SELECT status, crashes FROM tasks WHERE id = ?").bind(alone);
      expect(await row.first()).toEqual({ status: "RETRY", crashes });
    }
    await world.run(5 * MINUTE);
    expect(await world.ends()).toMatchObject({ tasks: { SUCCESS: 20 }, stored: 20, leases: 0 });
  });
});

describe("a clock that jumps", () => {
  it.each([
    ["forward by an hour", HOUR],
    ["back by half an hour", -HOUR / 2],
    ["back by a day", -24 * HOUR],
    ["forward by two days", 48 * HOUR],
  ])("%s while orders wait, run and are given up on: all end well", async (_name, ms) => {
    const world = new Simulation();
    const before = await world.accept(orders(40));
    world.lose(); // The messages of these tasks are lost.
    await takeAndDie(before.slice(0, 20));
    jump(ms);
    await world.accept(orders(40));
    await world.run(2 * MINUTE);
    expect(await world.ends()).toMatchObject({ tasks: { SUCCESS: 80 }, stored: 80, leases: 0 });
  });

  it(
    "to and fro at every step: no order is lost or stored twice",
    { timeout: 120_000 },
    async () => {
      const random = seededRandom(5);
      const world = new Simulation();
      const sent = orders(100);
      await world.run(10 * MINUTE, async () => {
        jump(Math.floor((random() - 0.5) * 20 * MINUTE));
        const some = sent.splice(0, 5);
        // Each order comes twice, as ids must stay unique through it all.
        if (some.length > 0) {
          await world.accept([...some, ...some]);
        }
      });
      expect(sent).toEqual([]);
      await world.run(2 * HOUR);
      expect(await world.ends()).toMatchObject({
        tasks: { SUCCESS: 100, FAILURE: 100 },
        stored: 100,
        leases: 0,
      });
    },
  );
});

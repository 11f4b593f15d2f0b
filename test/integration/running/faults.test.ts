import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { enqueueOrders } from "../../../src/orders/intake/ingest";
import { recover } from "../../../src/tasks/recovery/recover";
import { deliver, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { faultyDatabase, strike } from "../../support/faults";
import { anOrder } from "../../support/orders";

const SETTLE = "DELETE FROM leases";
const CLAIM = "INSERT INTO leases";

async function storedTimes(order: Record<string, unknown>): Promise<number> {
  const row = await env.DB.prepare("SELECT count(*) AS n FROM orders WHERE id = ?")
    .bind(String(order["id"]))
    .first<{ n: number }>();
  return row?.n ?? 0;
}

async function leasesOf(ids: string[]): Promise<number> {
  const { results } = await env.DB.prepare("SELECT task_ids FROM leases").all<{
    task_ids: string;
  }>();
  return results.filter(({ task_ids }) => ids.some((id) => task_ids.includes(id))).length;
}

describe("a settle that is ambiguous (I3)", () => {
  it("committed but reported failed: repeated without effect, acked, stored once", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order, anOrder({ productos: [] })]);
    const DB = faultyDatabase(strike(SETTLE, "commits, but is reported failed"));
    expect(await deliver(ids, testEnv({ DB }))).toEqual({ acked: ids, retried: [] });
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", attempts: 1 });
    expect(await taskOf(ids[1])).toMatchObject({ status: "FAILURE", attempts: 1 });
    expect(await storedTimes(order)).toBe(1);
  });

  it("not committed: repeated, and everything is there", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order]);
    const DB = faultyDatabase(strike(SETTLE, "fails", 2));
    expect(await deliver(ids, testEnv({ DB }))).toEqual({ acked: ids, retried: [] });
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
    expect(await storedTimes(order)).toBe(1);
  });

  it.each(["fails", "commits, but is reported failed"] as const)(
    "for as long as the consumer tries (%s): order and SUCCESS are both there or neither",
    async (fault) => {
      const order = anOrder();
      const ids = await storeOrders(env, [order]);
      const DB = faultyDatabase(strike(SETTLE, fault, 99));
      expect(await deliver(ids, testEnv({ DB }))).toEqual({ acked: [], retried: ids });
      const committed = fault !== "fails";
      expect((await taskOf(ids[0])).status).toBe(committed ? "SUCCESS" : "PENDING");
      expect(await storedTimes(order)).toBe(committed ? 1 : 0);
      // The worker lives, so it gives its lease back, and no task is to blame.
      expect(await leasesOf(ids)).toBe(0);
      expect(await deliver(ids, env)).toEqual({ acked: ids, retried: [] });
      expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", attempts: 1 });
      expect(await storedTimes(order)).toBe(1);
    },
  );
});

describe("a claim that is ambiguous", () => {
  it("committed but reported failed: the repeat finds its own lease", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder()]);
    const DB = faultyDatabase(strike(CLAIM, "commits, but is reported failed"));
    expect(await deliver(ids, testEnv({ DB }))).toEqual({ acked: ids, retried: [] });
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
    expect(await leasesOf(ids)).toBe(0);
  });

  it("failing for good: every message comes back, nothing throws, nothing is lost", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder()]);
    const DB = faultyDatabase(strike(CLAIM, "fails", 99));
    expect(await deliver(ids, testEnv({ DB }))).toEqual({ acked: [], retried: ids });
    await deliver(ids, env);
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
  });
});

describe("a crash between commit and ack", () => {
  it("redelivers messages that then change nothing (I4)", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order, anOrder({ cliente: "" })]);
    await deliver(ids, env);
    const before = await Promise.all(ids.map(taskOf));
    // The platform saw no ack, so the same messages come again.
    expect(await deliver(ids, env)).toEqual({ acked: ids, retried: [] });
    expect(await Promise.all(ids.map(taskOf))).toEqual(before);
    expect(await storedTimes(order)).toBe(1);
  });
});

describe("an accepted order is durable (I1)", () => {
  it("when the queue takes nothing after the rows are stored: recovery sends it", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder()]);
    const sent: string[] = [];
    const queue = {
      metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
      sendBatch: async (messages: { body: { task_id: string } }[]) => {
        sent.push(...messages.map(({ body }) => body.task_id));
      },
    };
    const tested = testEnv({ QUEUE_ORDERS: queue });
    await recover(tested, Date.now() + 29_000);
    expect(sent.filter((id) => ids.includes(id))).toEqual([]);
    await recover(tested, Date.now() + 31_000);
    expect(sent.filter((id) => ids.includes(id))).toEqual(ids);
    await passWaits(ids);
    await deliver(sent, env);
    expect((await taskOf(ids[1])).status).toBe("SUCCESS");
  });

  it("when the insert is ambiguous: it is repeated, and the rows are there once", async () => {
    const order = anOrder();
    const DB = faultyDatabase(strike("INSERT INTO tasks", "commits, but is reported failed"));
    const accepted = await enqueueOrders(testEnv({ DB }), [order, anOrder()], "key:x");
    const { batchId } = accepted;
    const rows = await env.DB.prepare(
      "SELECT count(*) AS n FROM tasks WHERE id BETWEEN ?1 || '0000' AND ?1 || 'ffff'",
    )
      .bind(batchId)
      .first<{ n: number }>();
    expect(rows?.n).toBe(2);
  });

  it("not accepted when the insert fails for good: the caller is told, nothing is stored", async () => {
    const order = anOrder();
    const DB = faultyDatabase(strike("INSERT INTO tasks", "fails", 99));
    await expect(enqueueOrders(testEnv({ DB }), [order], "key:x")).rejects.toMatchObject({
      name: "DatabaseTrouble",
    });
    const row = await env.DB.prepare("SELECT count(*) AS n FROM tasks WHERE subject = ?")
      .bind(String(order["id"]))
      .first<{ n: number }>();
    expect(row?.n).toBe(0);
  });
});

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteOrder } from "../../../src/orders/delete";
import { getOrder } from "../../../src/orders/order/queries";
import { actOn } from "../../../src/tasks/commands/actions";
import { claim } from "../../../src/tasks/running/claim";
import { Engine } from "../../../src/tasks/model/engine";
import { extendTimeline, parseTimeline } from "../../../src/tasks/model/timeline";
import { deafQueue, deliver, orderEngine, passWaits } from "../../support/engine";
import { storeOrders, storeTasks, taskOf, testEnv } from "../../support/engine";
import { door } from "../../support/door";
import { anOrder } from "../../support/orders";
import { refusalOf } from "../../support/result";
import { aDefinition } from "../../support/tasks";

const BY = "user:operator";
const quiet = () => testEnv({ QUEUE_ORDERS: deafQueue });

describe("the timeline", () => {
  it("stays short however often a task is cancelled and run again, and says what it leaves out", async () => {
    const [id = ""] = await storeOrders(env, [anOrder()]);
    for (let cycle = 0; cycle < 400; cycle++) {
      await actOn(quiet(), orderEngine, "cancel", id, { by: BY });
      await actOn(quiet(), orderEngine, "retry", id, { by: `user:${cycle}` });
    }
    const timeline = parseTimeline((await taskOf(id)).timeline);
    expect(timeline.map((event) => event["by"] ?? [event.event, event["count"]])).toEqual([
      ...Array.from({ length: 20 }, (_, index) => `user:${index}`),
      ["omitted", 320],
      ...Array.from({ length: 60 }, (_, index) => `user:${340 + index}`),
    ]);
    const times = timeline.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }, 60_000);

  it("of an older version, however long, is cut by the next event", async () => {
    const [id = ""] = await storeOrders(env, [anOrder()]);
    const old = Array.from({ length: 401 }, (_, at) => ({ at, event: "resumed" }));
    await env.DB.prepare("UPDATE tasks SET timeline = ?2 WHERE id = ?1")
      .bind(id, JSON.stringify(old))
      .run();
    await actOn(quiet(), orderEngine, "cancel", id, { by: BY });
    await actOn(quiet(), orderEngine, "retry", id, { by: BY });
    const resumed = { at: expect.any(Number), event: "resumed", by: BY, code: "cancelled" };
    expect(parseTimeline((await taskOf(id)).timeline)).toEqual(
      extendTimeline(JSON.stringify(old), [resumed]),
    );
  });
});

describe("cancel", () => {
  it("ends a waiting task at once; its message then changes nothing (I4)", async () => {
    const [id = ""] = await storeOrders(env, [anOrder()]);
    expect(await actOn(env, orderEngine, "cancel", id, { by: BY })).toBe("done");
    expect(await taskOf(id)).toMatchObject({ status: "REVOKED", error_code: "cancelled" });
    expect(await deliver([id], env)).toEqual({ acked: [id], retried: [] });
    expect((await taskOf(id)).status).toBe("REVOKED");
  });

  it("of a running order: it stores nothing, its neighbours do", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order, anOrder()]);
    const [cancelled = "", other = ""] = ids;
    // The registry is asked between claim and settle, which is when the person cancels.
    const racing = testEnv({
      ORDER_REGISTRY: {
        getByName: (name: string) => ({
          claimMany: async (
            ...call: Parameters<ReturnType<typeof env.ORDER_REGISTRY.getByName>["claimMany"]>
          ) => {
            await actOn(env, orderEngine, "cancel", cancelled, { by: BY });
            return env.ORDER_REGISTRY.getByName(name).claimMany(...call);
          },
          settleMany: () => Promise.resolve(),
        }),
      },
    });
    expect(await deliver(ids, racing)).toEqual({ acked: ids, retried: [] });
    expect((await taskOf(cancelled)).status).toBe("REVOKED");
    expect((await taskOf(other)).status).toBe("SUCCESS");
    expect(await getOrder(env.DB, String(order["id"]))).toBeNull();
  });

  it("of a running task that is then run again: the first run's result is dropped", async () => {
    const first = door();
    let runs = 0;
    const definition = aDefinition({
      queue: "orders",
      timeoutMs: 60_000,
      run: async () => {
        runs += 1;
        const run = runs;
        if (run === 1) {
          await first.pass();
        }
        return { kind: "done", result: run };
      },
    });
    const engine = new Engine([definition]);
    const [id = ""] = await storeTasks(env, definition, [1]);
    const delivery = deliver([id], env, engine);
    await first.reached;
    expect(await actOn(env, engine, "cancel", id, { by: BY })).toBe("done");
    expect(await actOn(quiet(), engine, "retry", id, { by: BY })).toBe("done");
    await deliver([id], env, engine);
    first.open();
    await delivery;
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", result: "2" });
  });

  it("is refused with the state once a task has ended, and for a task nobody knows", async () => {
    const [id = ""] = await storeOrders(env, [anOrder()]);
    await deliver([id], env);
    const ended = await actOn(env, orderEngine, "cancel", id, { by: BY });
    expect(refusalOf(ended)).toEqual({ kind: "wrong_state", status: "SUCCESS" });
    const none = await actOn(env, orderEngine, "cancel", "nobody", { by: BY });
    expect(refusalOf(none)).toEqual({ kind: "no_task", id: "nobody" });
  });
});

describe("retry by a person", () => {
  it("runs a failed order again with fresh attempts and its history kept", async () => {
    const [id = ""] = await storeOrders(env, [anOrder({ productos: [] })]);
    await deliver([id], env);
    await env.DB.prepare("UPDATE tasks SET input = ?2 WHERE id = ?1")
      .bind(id, JSON.stringify(anOrder({ id: (await taskOf(id)).subject })))
      .run();
    expect(await actOn(quiet(), orderEngine, "retry", id, { by: BY })).toBe("done");
    expect(await taskOf(id)).toMatchObject({ status: "PENDING", attempts: 0, finished_at: null });
    await deliver([id], env);
    const task = await taskOf(id);
    expect(task).toMatchObject({ status: "SUCCESS", error_code: null });
    const events = JSON.parse(task.timeline ?? "") as { event: string; by?: string }[];
    expect(events.map(({ event }) => event)).toContain("resumed");
    expect(events.find(({ event }) => event === "resumed")).toMatchObject({
      by: BY,
      code: "empty_order",
    });
  });

  it("is refused while a task is open or has succeeded, and for a task nobody knows", async () => {
    const [waiting = "", succeeded = "", held = ""] = await storeOrders(env, [
      anOrder(),
      anOrder(),
      anOrder(),
    ]);
    await deliver([succeeded], env);
    const now = Date.now();
    await claim(env.DB, {
      token: crypto.randomUUID(),
      ids: [held],
      queue: "orders",
      worker: "w",
      now,
      leaseMs: 45_000,
      suspect: false,
    });
    const retry = async (id: string) =>
      refusalOf(await actOn(quiet(), orderEngine, "retry", id, { by: BY }));
    expect(await retry(waiting)).toEqual({ kind: "wrong_state", status: "PENDING" });
    expect(await retry(succeeded)).toEqual({ kind: "wrong_state", status: "SUCCESS" });
    expect(await retry(held)).toEqual({ kind: "wrong_state", status: "STARTED" });
    expect(await retry("nobody")).toEqual({ kind: "no_task", id: "nobody" });
  });
});

describe("a deleted order", () => {
  it("is gone, its id stays used, and its task keeps its history", async () => {
    const order = anOrder();
    const orderId = String(order["id"]);
    const [id = ""] = await storeOrders(env, [order]);
    await deliver([id], env);
    expect(await deleteOrder(env, orderId, { by: BY, reason: "asked for" })).toBe("done");
    const repeated = await deleteOrder(env, orderId, { by: BY, reason: "again" });
    expect(refusalOf(repeated)).toEqual({ kind: "no_order", id: orderId });
    expect(await getOrder(env.DB, orderId)).toBeNull();
    expect((await taskOf(id)).status).toBe("SUCCESS");
    const [again = ""] = await storeOrders(env, [order]);
    for (let round = 0; round < 3; round++) {
      await passWaits([again]);
      await deliver([again], testEnv({ ORDER_REGISTRY: { getByName: () => ({}) } }));
    }
    expect(await taskOf(again)).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    expect(JSON.parse((await taskOf(again)).error_detail ?? "")).toMatchObject({ winner: id });
    expect(await getOrder(env.DB, orderId)).toBeNull();
  });
});

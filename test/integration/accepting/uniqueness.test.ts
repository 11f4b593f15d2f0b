import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteOrder } from "../../../src/orders/delete";
import { foldCustomers } from "../../../src/orders/pipeline/fold-customers";
import { getOrder } from "../../../src/orders/order/queries";
import { claimOrders, settleOrders } from "../../../src/orders/pipeline/registry";
import { tasksWithOrder } from "../../../src/orders/pipeline/stored-ids";
import { adminSession, call, list } from "../../support/api";
import { outcomesOf, pedido, send } from "../../support/api-orders";
import { visit } from "../../support/console";
import { deliver, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

/** Delivers until every task is final, letting each wait pass. */
async function settleAll(ids: string[], tested: Env = env): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await passWaits(ids);
    await deliver(ids, tested);
  }
}

async function expectOneWinner(ids: string[], orderId: string): Promise<void> {
  const tasks = await Promise.all(ids.map(taskOf));
  const winners = tasks.filter((task) => task.status === "SUCCESS");
  expect(winners).toHaveLength(1);
  const winner = winners[0]?.id;
  expect(await getOrder(env.DB, orderId)).toMatchObject({ task_id: winner });
  for (const task of tasks.filter(({ id }) => id !== winner)) {
    expect(task).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    expect(JSON.parse(task.error_detail ?? "")).toMatchObject({ winner });
    expect(task.error_message).toContain(winner);
  }
}

/** Makes an environment whose registry objects cannot be reached. */
const withoutRegistry = () =>
  testEnv({
    ORDER_REGISTRY: {
      getByName: () => ({
        claimMany: () => Promise.reject(new Error("overloaded")),
        settleMany: () => Promise.reject(new Error("overloaded")),
      }),
    },
  });

describe("an order id is stored once (I2)", () => {
  it("when two tasks race for it from parallel batches", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order, order, anOrder(), anOrder()]);
    await Promise.all([
      deliver([ids[0] ?? "", ids[2] ?? ""], env),
      deliver([ids[1] ?? "", ids[3] ?? ""], env),
    ]);
    await settleAll(ids);
    await expectOneWinner(ids.slice(0, 2), String(order["id"]));
    expect((await taskOf(ids[2])).status).toBe("SUCCESS");
    expect((await taskOf(ids[3])).status).toBe("SUCCESS");
  });

  it("when twenty race for it and the registry is down", async () => {
    const order = anOrder();
    const ids = await storeOrders(
      env,
      Array.from({ length: 20 }, () => order),
    );
    const tested = withoutRegistry();
    await Promise.all(ids.map((id) => deliver([id], tested)));
    await settleAll(ids, tested);
    await expectOneWinner(ids, String(order["id"]));
  });

  it("when it comes twice in one batch: the second waits for the first", async () => {
    const order = anOrder();
    const ids = await storeOrders(env, [order, order]);
    await deliver(ids, env);
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
    expect(await taskOf(ids[1])).toMatchObject({
      status: "RETRY",
      attempts: 0,
      error_code: "order_held",
    });
    await settleAll(ids);
    await expectOneWinner(ids, String(order["id"]));
  });

  it('when 42 and "42" are sent: they are the same order', async () => {
    const id = Date.now();
    const ids = await storeOrders(env, [anOrder({ id }), anOrder({ id: String(id) })]);
    await settleAll(ids);
    await expectOneWinner(ids, String(id));
  });

  it("when it is sent again later, with other content: what is stored stays", async () => {
    const order = anOrder();
    const first = await storeOrders(env, [order]);
    await deliver(first, env);
    const stored = await getOrder(env.DB, String(order["id"]));
    const second = await storeOrders(env, [{ ...order, cliente: "Somebody else" }]);
    await deliver(second, env);
    await expectOneWinner([...first, ...second], String(order["id"]));
    expect(await getOrder(env.DB, String(order["id"]))).toEqual(stored);
  });
});

describe("a bad order never costs the good one its id", () => {
  it("when the bad one held the id first, in the same batch", async () => {
    const good = anOrder();
    const bad = { ...good, productos: [{ sku: "P999", cantidad: 1 }] };
    const ids = await storeOrders(env, [bad, good]);
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
    expect((await taskOf(ids[1])).status).toBe("RETRY");
    await settleAll(ids);
    expect((await taskOf(ids[1])).status).toBe("SUCCESS");
  });

  it("when another task holds the id at the time", async () => {
    const order = anOrder();
    const orderId = String(order["id"]);
    await claimOrders(env, [{ orderId, taskId: "bad" }], Date.now(), Date.now() + 45_000);
    const ids = await storeOrders(env, [order]);
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", attempts: 0 });
    await settleOrders(env, { done: [], released: [{ orderId, taskId: "bad" }] });
    await settleAll(ids);
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
  });

  it("when the holder died: its claim expires", async () => {
    const order = anOrder();
    const past = Date.now() - 60_000;
    await claimOrders(env, [{ orderId: String(order["id"]), taskId: "dead" }], past, past + 45_000);
    const ids = await storeOrders(env, [order]);
    await deliver(ids, env);
    expect((await taskOf(ids[0])).status).toBe("SUCCESS");
  });
});

describe("the registry is no source of truth", () => {
  it("a commit whose registry call was lost is still a duplicate for the next", async () => {
    const order = anOrder();
    const first = await storeOrders(env, [order]);
    const deaf = testEnv({
      ORDER_REGISTRY: {
        getByName: (name: string) => ({
          claimMany: (...call: Parameters<ReturnType<typeof stub>["claimMany"]>) =>
            stub(name).claimMany(...call),
          settleMany: () => Promise.reject(new Error("connection lost")),
        }),
      },
    });
    await deliver(first, deaf);
    expect((await taskOf(first[0])).status).toBe("SUCCESS");
    // The claim that nobody released expires; then the next task gets it and D1 says no.
    const later = await storeOrders(env, [order]);
    await expireClaims();
    await settleAll(later);
    await expectOneWinner([...first, ...later], String(order["id"]));
    const told = await claimOrders(
      env,
      [{ orderId: String(order["id"]), taskId: "third" }],
      Date.now(),
      Date.now() + 1000,
    );
    expect(told.get("third")).toEqual({ state: "done", taskId: first[0] });
  });

  it("its `done` overrides a claim, and a release by another task frees nothing", async () => {
    const orderId = crypto.randomUUID();
    const [a, b] = [
      { orderId, taskId: "a" },
      { orderId, taskId: "b" },
    ];
    const now = Date.now();
    await claimOrders(env, [a], now, now + 1000);
    await settleOrders(env, { done: [], released: [b] });
    expect((await claimOrders(env, [b], now, now + 1000)).get("b")).toMatchObject({
      state: "held",
    });
    await settleOrders(env, { done: [b], released: [] });
    await settleOrders(env, { done: [], released: [a, b] });
    expect((await claimOrders(env, [a], now, now + 1000)).get("a")).toEqual({
      state: "done",
      taskId: "b",
    });
  });
});

function stub(name: string) {
  return env.ORDER_REGISTRY.getByName(name);
}

async function expireClaims(): Promise<void> {
  const { runInDurableObject, listDurableObjectIds } = await import("cloudflare:test");
  for (const id of await listDurableObjectIds(env.ORDER_REGISTRY)) {
    await runInDurableObject(env.ORDER_REGISTRY.get(id), (_object, state) => {
      state.storage.sql.exec("UPDATE orders SET held_until = 0 WHERE done = 0");
    });
  }
}

describe("order ids that differ only in Unicode form are one order", () => {
  /** Makes an id in three forms: composed, decomposed, and a bit of each. */
  function anId() {
    const own = crypto.randomUUID().slice(0, 8);
    const [nfc, nfd] = [`é-ñ-${own}`.normalize("NFC"), `é-ñ-${own}`.normalize("NFD")];
    return { nfc, nfd, mixed: `${"é".normalize("NFD")}-${"ñ".normalize("NFC")}-${own}` };
  }
  const rename = (to: string, from: string) =>
    env.DB.batch([
      env.DB.prepare("UPDATE orders SET id = ?1 WHERE id = ?2").bind(to, from),
      env.DB.prepare("UPDATE deleted_orders SET id = ?1 WHERE id = ?2").bind(to, from),
      env.DB.prepare("UPDATE tasks SET subject = ?1 WHERE subject = ?2").bind(to, from),
    ]);
  /** Stores an order as ids were once stored: in the form they came in. */
  async function storedAs(form: string): Promise<string> {
    const ids = await storeOrders(env, [anOrder({ id: form })]);
    await settleAll(ids);
    await rename(form, form.normalize("NFC"));
    return ids[0] ?? "";
  }
  async function expectDuplicate(order: unknown, winner: string): Promise<string> {
    const ids = await storeOrders(env, [order]);
    await settleAll(ids, withoutRegistry());
    const task = await taskOf(ids[0]);
    expect(task).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    expect(JSON.parse(task.error_detail ?? "")).toMatchObject({ winner });
    return ids[0] ?? "";
  }
  const idsIn = async (path: string) => {
    const { results } = await list<Record<string, unknown>>(path);
    return results.map((row) => row["id"] ?? row["id_pedido_original"]);
  };

  it("when both are sent, whether the registry knows or only the key", async () => {
    for (const tested of [env, withoutRegistry()]) {
      const { nfc, nfd } = anId();
      const ids = await storeOrders(env, [anOrder({ id: nfd }), anOrder({ id: nfc })]);
      await settleAll(ids, tested);
      await expectOneWinner(ids, nfc);
      expect(await getOrder(env.DB, nfd)).toMatchObject({ id: nfc });
    }
  });

  it("and either finds it: in answers, filters, searches and pages, echoed as it was sent", async () => {
    const { nfc, nfd } = anId();
    const sent = await send(JSON.stringify([anOrder({ id: nfd })]));
    expect(sent.tareas[0]?.pedido_id).toBe(nfd);
    const [task] = await outcomesOf(sent.lote, 1);
    for (const form of [nfc, nfd].map(encodeURIComponent)) {
      expect(await (await pedido(decodeURIComponent(form))).json()).toMatchObject({
        id_pedido_original: nfc,
        task_id: task?.id,
      });
      expect(await idsIn(`/api/tasks/executions/?pedido=${form}`)).toEqual([task?.id]);
      expect(await idsIn(`/api/tasks/executions/?search=%20${form}`)).toEqual([task?.id]);
      expect(await idsIn(`/api/pedidos?search=${form}%20`)).toEqual([nfc]);
      const page = await visit(`/admin/orders/${form}`, { cookie: await adminSession() });
      expect(page.status).toBe(200);
    }
    const deletion = await call(`/api/pedidos/${encodeURIComponent(nfd)}`, {
      method: "DELETE",
      cookie: await adminSession(),
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reason: "a test order" }),
    });
    expect(deletion.status).toBe(204);
    expect((await pedido(nfc)).status).toBe(404);
    await expectDuplicate(anOrder({ id: nfc }), task?.id ?? "");
  });

  it("when one was stored, or stored and deleted, under the form it came in", async () => {
    for (const isDeleted of [false, true]) {
      const { nfc, nfd } = anId();
      const winner = await storedAs(nfd);
      expect(await getOrder(env.DB, nfc)).toMatchObject({ id: nfd, task_id: winner });
      expect(await idsIn(`/api/tasks/executions/?pedido=${encodeURIComponent(nfc)}`)).toEqual([
        winner,
      ]);
      if (isDeleted) {
        await deleteOrder(env, nfd, { by: "user:test", reason: "a test order" });
      }
      const loser = await expectDuplicate(anOrder({ id: nfc }), winner);
      expect(await idsIn(`/api/tasks/executions/?pedido=${encodeURIComponent(nfd)}`)).toEqual([
        loser,
        winner,
      ]);
      const linked = await tasksWithOrder(env.DB, [await taskOf(winner)]);
      expect([...linked]).toEqual(isDeleted ? [] : [winner]);
    }
  });

  it("when a task was accepted under another form than the one it is stored under", async () => {
    for (const form of ["nfd", "mixed"] as const) {
      const id = anId();
      const ids = await storeOrders(env, [anOrder({ id: id[form] })]);
      await rename(id[form], id.nfc);
      await settleAll(ids);
      const task = await taskOf(ids[0]);
      expect(task).toMatchObject({ status: "SUCCESS", subject: id.nfc });
      expect(await getOrder(env.DB, id.nfc)).toMatchObject({ id: id.nfc, task_id: task.id });
    }
  });

  it("in any form, once orders stored before are gone over", async () => {
    const { nfc, mixed } = anId();
    const winner = await storedAs(mixed);
    await env.DB.prepare("UPDATE orders SET customer_folded = NULL WHERE id = ?").bind(mixed).run();
    expect(await foldCustomers(env.DB)).toBe(false);
    expect(await getOrder(env.DB, nfc)).toMatchObject({ id: nfc, task_id: winner });
    expect((await taskOf(winner)).subject).toBe(nfc);
    await expectDuplicate(anOrder({ id: mixed }), winner);
  });

  it("but two that were stored as two stay, each with its task", async () => {
    const { nfc, nfd } = anId();
    const one = await storedAs(nfd);
    const [other = ""] = await storeOrders(env, [anOrder({ id: `${nfc}x` })]);
    await settleAll([other]);
    await rename(nfc, `${nfc}x`);
    await expectDuplicate(anOrder({ id: nfc }), other);
    expect(await getOrder(env.DB, nfd)).toMatchObject({ id: nfd, task_id: one });
    expect(await getOrder(env.DB, nfc)).toMatchObject({ id: nfc, task_id: other });
    const tasks = await Promise.all([one, other].map(taskOf));
    expect((await tasksWithOrder(env.DB, tasks)).size).toBe(2);
  });
});

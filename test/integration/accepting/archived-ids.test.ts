/** The ids of orders that have left D1 are known to the registry alone. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { getOrder } from "../../../src/orders/order/queries";
import {
  claimOrders,
  confirmStored,
  ownersOf,
  settleOrders,
} from "../../../src/orders/pipeline/registry";
import { parseTimeline } from "../../../src/tasks/model/timeline";
import { archiveOrders, forgetArchive, ownRegistry } from "../../support/archived";
import { deliver, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

afterEach(async () => {
  vi.restoreAllMocks();
  await forgetArchive();
});

const idOf = (order: Record<string, unknown>) => String(order["id"]);

/** Stores an order, and takes it away from D1. */
async function anArchivedOrder(tested: Env) {
  const order = anOrder();
  const [task = ""] = await storeOrders(tested, [order]);
  await deliver([task], tested);
  expect(await archiveOrders(tested, [idOf(order)])).toEqual([idOf(order)]);
  expect(await getOrder(env.DB, idOf(order))).toBeNull();
  return { order, task };
}

async function send(order: unknown, tested: Env): Promise<string> {
  const [id = ""] = await storeOrders(tested, [order]);
  await deliver([id], tested);
  return id;
}

async function expectDuplicate(id: string, winner: string): Promise<void> {
  const task = await taskOf(id);
  expect(task).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
  expect(JSON.parse(task.error_detail ?? "")).toMatchObject({ winner });
}

describe("an order id that left D1", () => {
  it("is a duplicate when it comes again, naming the task that stored it", async () => {
    const tested = testEnv();
    const { order, task } = await anArchivedOrder(tested);
    await expectDuplicate(await send(order, tested), task);
    expect(await getOrder(env.DB, idOf(order))).toBeNull();
  });

  it("is one though the registry never heard how its order ended", async () => {
    const registry = ownRegistry();
    const tested = testEnv(registry);
    registry.failing.add("settleMany");
    const { order, task } = await anArchivedOrder(tested);
    await expectDuplicate(await send(order, tested), task);
  });

  it("does not leave while an object of the registry cannot say that it has it", async () => {
    const registry = ownRegistry();
    const tested = testEnv(registry);
    const orders = Array.from({ length: 20 }, () => anOrder());
    const ids = await storeOrders(tested, orders);
    await deliver(ids, tested);
    registry.failing.add(":0.confirmMany");
    const gone = await archiveOrders(tested, orders.map(idOf));
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.length).toBeLessThan(20);
    registry.failing.clear();
    const rest = await archiveOrders(tested, orders.map(idOf));
    expect(new Set([...gone, ...rest])).toEqual(new Set(orders.map(idOf)));
  });
});

describe("while the registry cannot be reached", () => {
  it("orders wait, once something has left D1, ever longer and at no cost, and end right", async () => {
    const registry = ownRegistry();
    const tested = testEnv(registry);
    const { order, task } = await anArchivedOrder(tested);
    registry.failing.add("claimMany");
    const ids = [await send(order, tested), await send(anOrder(), tested)];
    const waits: number[] = [];
    for (let time = 1; time <= 3; time++) {
      for (const id of ids) {
        const row = await taskOf(id);
        expect(row).toMatchObject({
          status: "RETRY",
          attempts: 0,
          error_code: "registry_unavailable",
        });
        const last = parseTimeline(row.timeline).at(-1);
        waits.push(Number(last?.["until"]) - (last?.at ?? 0));
      }
      await passWaits(ids);
      await deliver(ids, tested);
    }
    // A wait is 10 s, twice as long each time, and up to a fifth more by chance.
    for (const [index, ms] of waits.entries()) {
      const least = 10_000 * 2 ** Math.floor(index / 2);
      expect(ms).toBeGreaterThanOrEqual(least);
      expect(ms).toBeLessThanOrEqual(1.2 * least);
    }
    expect(await getOrder(env.DB, idOf(order))).toBeNull();
    registry.failing.clear();
    await passWaits(ids);
    await deliver(ids, tested);
    await expectDuplicate(ids[0] ?? "", task);
    expect(await taskOf(ids[1])).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("those wait whose object fails, and with them equal ones of the batch; others go on", async () => {
    const registry = ownRegistry();
    const tested = testEnv(registry);
    await anArchivedOrder(tested);
    registry.failing.add(":1.claimMany");
    const orders = Array.from({ length: 20 }, () => anOrder());
    const ids = await storeOrders(tested, [...orders, ...orders]);
    await deliver(ids, tested);
    const tasks = await Promise.all(ids.map(taskOf));
    const codes = tasks.map(({ error_code }) => error_code);
    expect(new Set(codes)).toEqual(new Set([null, "registry_unavailable", "order_held"]));
    orders.forEach((_, index) => {
      const failed = codes[index] === "registry_unavailable";
      expect(codes[20 + index]).toBe(failed ? "registry_unavailable" : "order_held");
    });
  });

  it("orders go on as long as nothing has left, and D1 is asked that only then", async () => {
    const registry = ownRegistry();
    const asked: string[] = [];
    const prepare = (sql: string) => {
      asked.push(sql);
      return env.DB.prepare(sql);
    };
    const batch = env.DB.batch.bind(env.DB);
    const tested = testEnv({ ...registry, DB: { prepare, batch } });
    const manifest = () => asked.filter((sql) => sql.includes("archive_generations"));
    expect((await taskOf(await send(anOrder(), tested))).status).toBe("SUCCESS");
    expect(manifest()).toEqual([]);
    registry.failing.add("claimMany");
    expect((await taskOf(await send(anOrder(), tested))).status).toBe("SUCCESS");
    expect(manifest()).toHaveLength(1);
  });
});

describe("the registry confirms", () => {
  const claim = (orderId: string, taskId: string) => ({ orderId, taskId });
  const silence = () => vi.spyOn(console, "error").mockImplementation(() => undefined);

  it("what it is told, as often as it is told, over any claim", async () => {
    const tested = testEnv(ownRegistry());
    await claimOrders(tested, [claim("1", "other")], 0, 1e15);
    const claims = [claim("1", "a"), claim("2", "b")];
    for (let time = 1; time <= 2; time++) {
      expect(await confirmStored(tested, claims)).toEqual(new Set(["1", "2"]));
    }
    // Neither its holder's release nor another's claim changes what is done.
    await settleOrders(tested, { done: [], released: [claim("1", "other")] });
    const answers = await claimOrders(tested, [claim("1", "other")], 0, 1e15);
    expect(answers.get("other")).toEqual({ state: "done", taskId: "a" });
  });

  it("nothing that it has as stored by another task, and says so", async () => {
    const tested = testEnv(ownRegistry());
    await settleOrders(tested, { done: [claim("1", "first")], released: [] });
    const said = silence();
    expect(await confirmStored(tested, [claim("1", "second"), claim("2", "b")])).toEqual(
      new Set(["2"]),
    );
    expect(said.mock.calls.flat().join()).toContain("registry.stored_by_another");
    expect(await ownersOf(tested, ["1"])).toEqual(new Map([["1", "first"]]));
  });

  it("nothing that it has no room for", async () => {
    silence();
    const registry = env.ORDER_REGISTRY.getByName(crypto.randomUUID());
    await registry.settleMany({ done: [claim("1", "a")], released: [] });
    const tested = testEnv({ ORDER_REGISTRY: { getByName: () => registry } });
    await runInDurableObject(registry, (_object, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      sql.exec = ((text: string, ...values: unknown[]) => {
        if (/INSERT/.test(text)) {
          throw new Error("database or disk is full: SQLITE_FULL");
        }
        return exec(text, ...values);
      }) as typeof sql.exec;
    });
    // The ids from 2 on need new rows, for which there is no room. Id 1 has its row already, so its
    // order may leave.
    const claims = Array.from({ length: 10 }, (_, index) => claim(`${index + 2}`, "b"));
    expect(await confirmStored(tested, claims)).toEqual(new Set());
    expect(await confirmStored(tested, [claim("1", "a")])).toEqual(new Set(["1"]));
    expect(await ownersOf(tested, ["1", "2"])).toEqual(new Map([["1", "a"]]));
  });

  it("an id kept as it was sent, under its canonical form too, and finds it by any", async () => {
    const tested = testEnv(ownRegistry());
    const [nfc, nfd] = ["é-1".normalize("NFC"), "é-1".normalize("NFD")];
    expect(await confirmStored(tested, [claim(nfd, "a")])).toEqual(new Set([nfd]));
    const answers = await claimOrders(tested, [claim(nfc, "b")], 0, 1e15);
    expect(answers.get("b")).toEqual({ state: "done", taskId: "a" });
    expect(await ownersOf(tested, [nfc, nfd, "none"])).toEqual(
      new Map([
        [nfc, "a"],
        [nfd, "a"],
      ]),
    );
    // The two forms were once stored as two orders.
    const [one, two] = ["ñ-1".normalize("NFD"), "ñ-1".normalize("NFC")];
    const both = [claim(one, "one"), claim(two, "two")];
    expect(await confirmStored(tested, both)).toEqual(new Set([one, two]));
    expect([...(await ownersOf(tested, [one, two])).values()]).toEqual(["one", "two"]);
  });

  it("a thousand in one call per object", async () => {
    const registry = ownRegistry();
    const claims = Array.from({ length: 1000 }, (_, index) => claim(`${index}`, `task-${index}`));
    const confirmed = await confirmStored(testEnv(registry), claims);
    expect(confirmed.size).toBe(1000);
    expect(new Set(registry.calls).size).toBe(2);
    expect(registry.calls).toHaveLength(2);
  });

  it("and says who stored an order only when it can be reached", async () => {
    const registry = ownRegistry();
    registry.failing.add("storedBy");
    await expect(ownersOf(testEnv(registry), ["1"])).rejects.toThrow("overloaded");
  });
});

it("keeps an order id in at most 70 bytes", async () => {
  const registry = env.ORDER_REGISTRY.getByName(crypto.randomUUID());
  const before = await registry.size();
  const ORDERS = 20_000;
  for (let at = 0; at < ORDERS; at += 100) {
    const claims = Array.from({ length: 100 }, (_, index) => ({
      orderId: `PED-${String(at + index).padStart(6, "0")}`,
      taskId: crypto.randomUUID(),
    }));
    await registry.claimMany(claims, 0, Date.now());
    await registry.settleMany({ done: claims, released: [] });
  }
  const bytes = ((await registry.size()) - before) / ORDERS;
  console.log(`bytes per order id of 10 characters: ${bytes}`);
  expect(bytes).toBeLessThan(70);
});

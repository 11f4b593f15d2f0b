import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { bulk, type BulkInput } from "../../src/tasks/bulk";
import { Engine } from "../../src/tasks/engine";
import { newLote, taskId } from "../../src/tasks/ids";
import { processOrder } from "../../src/orders/task";
import { apiKey, call } from "../support/api";
import { deafQueue, deliver, storeOrders, storeTasks, taskOf, testEnv } from "../support/engine";
import { anOrder } from "../support/orders";
import { clearTasks } from "../support/recount";

const engine = new Engine([processOrder, bulk]);
const quiet = testEnv({ QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue });

beforeEach(clearTasks);

async function runBulk(input: BulkInput): Promise<{ id: string; result: unknown }> {
  await new Promise((resolve) => setTimeout(resolve, 2)); // a millisecond of its own
  const [id = ""] = await storeTasks(env, bulk, [input]);
  await deliver([id], quiet, engine);
  const task = await taskOf(id);
  expect(task.status).toBe("SUCCESS");
  return { id, result: JSON.parse(task.result ?? "null") };
}

async function states(): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "SELECT status, count(*) AS n FROM tasks WHERE name <> 'system.bulk' GROUP BY status",
  ).all<{ status: string; n: number }>();
  return Object.fromEntries(results.map(({ status, n }) => [status, n]));
}

const orders = (count: number, overrides = {}) =>
  Array.from({ length: count }, () => anOrder(overrides));

describe("bulk", () => {
  it("cancels everything that waits, over many pages, and tells how many", async () => {
    for (let request = 0; request < 3; request++) {
      await storeOrders(env, orders(900));
    }
    const { result } = await runBulk({ action: "cancel", filter: {} });
    expect(result).toEqual({ matched: 2700, done: 2700 });
    expect(await states()).toEqual({ REVOKED: 2700 });
  });

  it("does only what its filter says, and nothing to what has ended", async () => {
    const first = await storeOrders(env, orders(3));
    await storeOrders(env, orders(2));
    await deliver(first.slice(0, 1), env);
    const lote = first[0]?.slice(0, -4) ?? "";
    const { result } = await runBulk({ action: "cancel", filter: { lote } });
    expect(result).toEqual({ matched: 2, done: 2 });
    expect(await states()).toEqual({ SUCCESS: 1, REVOKED: 2, PENDING: 2 });
  });

  it("retries failures, all or those whose error has the words", async () => {
    const bad = await storeOrders(env, [
      ...orders(2, { productos: [] }),
      ...orders(3, { cliente: "" }),
    ]);
    await deliver(bad, env);
    expect(await states()).toEqual({ FAILURE: 5 });
    const some = await runBulk({ action: "retry", filter: { search: "invalid_customer" } });
    expect(some.result).toEqual({ matched: 3, done: 3 });
    expect(await states()).toEqual({ FAILURE: 2, PENDING: 3 });
    const rest = await runBulk({ action: "retry", filter: {} });
    expect(rest.result).toEqual({ matched: 2, done: 2 });
  });

  it("does it to hand-picked tasks, leaving discarded ones out of a retry", async () => {
    const ids = await storeOrders(env, orders(4, { productos: [] }));
    await deliver(ids.slice(0, 3), env);
    await runBulk({ action: "discard", filter: { ids: ids.slice(0, 1) }, reason: "Not ours" });
    const { result } = await runBulk({ action: "retry", filter: { ids } });
    expect(result).toEqual({ matched: 3, done: 2 });
    expect(await states()).toEqual({ FAILURE: 1, PENDING: 3 });
  });

  it("leaves alone what was accepted after it", async () => {
    const [id = ""] = await storeTasks(env, bulk, [{ action: "cancel", filter: {} }]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await storeOrders(env, orders(2));
    await deliver([id], quiet, engine);
    expect(await states()).toEqual({ PENDING: 2 });
  });
});

const manyIds = Array.from({ length: 1001 }, (_, i) => taskId(newLote(1), i));

const post = (key: string, body: unknown) =>
  call("/api/tasks/bulk/", {
    method: "POST",
    key,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("POST /api/tasks/bulk", () => {
  it("answers 202 with the task that does it, which ends by itself", async () => {
    await storeOrders(env, orders(5));
    const key = await apiKey(["tasks:write", "tasks:read"]);
    const response = await post(key, { action: "cancel", filter: { task_module: "pedidos" } });
    expect(response.status).toBe(202);
    const { task_id } = await response.json<{ task_id: string }>();
    await expect
      .poll(async () => (await taskOf(task_id)).status, { timeout: 15_000 })
      .toBe("SUCCESS");
    expect(await states()).toEqual({ REVOKED: 5 });
  });

  it.each([
    ["an unknown action", { action: "explode", filter: {} }, "action"],
    ["an unknown filter", { action: "cancel", filter: { estado: "x" } }, "filter"],
    ["a bad status", { action: "cancel", filter: { status: "DONE" } }, "filter.status"],
    ["no task id", { action: "cancel", filter: { ids: ["x"] } }, "filter.ids.0"],
    ["too many ids", { action: "cancel", filter: { ids: manyIds } }, "filter.ids"],
    ["no filter", { action: "cancel" }, "filter"],
  ])("refuses %s", async (_name, body, parameter) => {
    const key = await apiKey(["tasks:write"]);
    const response = await post(key, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_parameter", parameter });
  });

  it("needs tasks:write", async () => {
    const key = await apiKey(["tasks:read"]);
    const body = { action: "cancel", filter: {} };
    expect((await post(key, body)).status).toBe(403);
  });
});

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { guarded } from "../../../src/db/guarded";
import { ACTIONS, actOn } from "../../../src/tasks/commands/actions";
import { bulk, type BulkInput } from "../../../src/tasks/commands/bulk";
import { Engine } from "../../../src/tasks/model/engine";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { processOrder } from "../../../src/orders/pipeline/task";
import { apiKey, call } from "../../support/api";
import { countingDatabase } from "../../support/counting";
import { deafQueue, deliver, passWaits, storeOrders } from "../../support/engine";
import { storeTasks, taskOf, testEnv } from "../../support/engine";
import { AT_ONCE, type Fault, faultyDatabase, strike } from "../../support/faults";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const engine = new Engine([processOrder, bulk]);
const quiet = testEnv({ QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue });

beforeEach(clearTasks);

async function runBulk(input: BulkInput): Promise<{ id: string; result: unknown }> {
  await new Promise((resolve) => setTimeout(resolve, 2)); // The task gets a millisecond of its own.
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

  it("does it to those hand-picked tasks only that the rest of the filter fits", async () => {
    const some = await storeOrders(env, orders(3));
    const [first = "", second = ""] = some;
    const subject = (await taskOf(first)).subject ?? "";
    const { result } = await runBulk({ action: "cancel", filter: { ids: some, subject } });
    expect(result).toEqual({ matched: 1, done: 1 });
    const words = { ids: [second], search: "no error has these words" };
    expect((await runBulk({ action: "cancel", filter: words })).result).toMatchObject({ done: 0 });
    expect(await states()).toEqual({ REVOKED: 1, PENDING: 2 });
  });

  it("leaves alone what was accepted after it", async () => {
    const [id = ""] = await storeTasks(env, bulk, [{ action: "cancel", filter: {} }]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await storeOrders(env, orders(2));
    await deliver([id], quiet, engine);
    expect(await states()).toEqual({ PENDING: 2 });
  });
});

/**
 * Makes a consumer that dies in the middle of a bulk action: nothing of it gets through from the
 * fault on.
 */
function dyingAt(page: number, text: string, fault: Fault): Env {
  let pages = 0;
  const DB = faultyDatabase((sql) => {
    pages += sql.includes(text) ? 1 : 0;
    return pages < page ? null : pages === page && sql.includes(text) ? fault : "fails";
  });
  return guarded({ ...quiet, DB }, AT_ONCE);
}

async function resultOf(id: string): Promise<unknown> {
  const { status, result } = await taskOf(id);
  expect(status).toBe("SUCCESS");
  return JSON.parse(result ?? "null");
}

async function storeBulk(input: BulkInput): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  const [id = ""] = await storeTasks(env, bulk, [input]);
  return id;
}

const CANCEL = "SET status = 'REVOKED'";
const RETRY = "SET status = 'PENDING'";

describe("a bulk action that is killed", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, Fault]>([
    ["after a page was done", "commits, but is reported failed"],
    ["before a page was done", "fails"],
  ])("%s counts every task once", async (_name, fault) => {
    for (let request = 0; request < 3; request++) {
      await storeOrders(env, orders(900));
    }
    const id = await storeBulk({ action: "cancel", filter: {} });
    await deliver([id], dyingAt(2, CANCEL, fault), engine);
    expect((await taskOf(id)).status).toBe("PENDING");
    await deliver([id], quiet, engine);
    expect(await resultOf(id)).toEqual({ matched: 2700, done: 2700 });
    expect(await states()).toEqual({ REVOKED: 2700 });
  });

  it("after its last page still ends with the right count", async () => {
    await storeOrders(env, orders(3));
    const id = await storeBulk({ action: "cancel", filter: {} });
    await deliver([id], dyingAt(1, CANCEL, "commits, but is reported failed"), engine);
    await storeOrders(env, orders(2));
    await deliver([id], quiet, engine);
    expect(await resultOf(id)).toEqual({ matched: 3, done: 3 });
  });

  it("after a slice, and in the next, counts every task once", async () => {
    for (let request = 0; request < 3; request++) {
      await storeOrders(env, orders(900));
    }
    const id = await storeBulk({ action: "cancel", filter: {} });
    vi.useFakeTimers({ toFake: ["Date"] });
    const DB = faultyDatabase((sql) => {
      if (sql.includes(CANCEL)) {
        vi.setSystemTime(Date.now() + 31_000);
      }
      return null;
    });
    await deliver([id], guarded({ ...quiet, DB }, AT_ONCE), engine);
    expect(await states()).toEqual({ REVOKED: 1000, PENDING: 1700 });
    await deliver([id], dyingAt(1, CANCEL, "commits, but is reported failed"), engine);
    await deliver([id], quiet, engine);
    expect(await resultOf(id)).toEqual({ matched: 2700, done: 2700 });
  });

  it("or cancelled between two slices, leaves the rest alone", async () => {
    for (let request = 0; request < 2; request++) {
      await storeOrders(env, orders(900));
    }
    const id = await storeBulk({ action: "cancel", filter: {} });
    vi.useFakeTimers({ toFake: ["Date"] });
    const DB = faultyDatabase((sql) => {
      vi.setSystemTime(Date.now() + (sql.includes(CANCEL) ? 31_000 : 0));
      return null;
    });
    await deliver([id], { ...quiet, DB }, engine);
    expect((await taskOf(id)).status).toBe("PENDING");
    expect(await actOn(quiet, engine, "cancel", id, { by: "user:1" })).toBe("done");
    await deliver([id], quiet, engine);
    expect((await taskOf(id)).status).toBe("REVOKED");
    expect(await states()).toEqual({ REVOKED: 1000, PENDING: 800 });
  });

  it("retries no task twice that has failed again since", async () => {
    const ids: string[] = [];
    for (let request = 0; request < 2; request++) {
      ids.push(...(await storeOrders(env, orders(600, { cliente: "" }))));
    }
    const deliverAll = async (some: readonly string[]) => {
      for (let start = 0; start < some.length; start += 100) {
        await deliver(some.slice(start, start + 100), env);
      }
    };
    await deliverAll(ids);
    const id = await storeBulk({ action: "retry", filter: {} });
    await deliver([id], dyingAt(1, RETRY, "commits, but is reported failed"), engine);
    expect(await states()).toEqual({ FAILURE: 200, PENDING: 1000 });
    await deliverAll(ids);
    expect(await states()).toEqual({ FAILURE: 1200 });
    await deliver([id], quiet, engine);
    expect(await states()).toEqual({ FAILURE: 1000, PENDING: 200 });
    expect(await resultOf(id)).toEqual({ matched: 1200, done: 1200 });
  });
});

describe("a page of a bulk action", () => {
  it.each<[BulkInput["action"], string, object]>([
    ["cancel", CANCEL, {}],
    ["retry", RETRY, { cliente: "" }],
    ["discard", "SET discard_reason", { cliente: "" }],
  ])("of %s is counted although D1's answer was lost", async (action, text, overrides) => {
    const ids = await storeOrders(env, orders(5, overrides));
    await (action === "cancel" ? undefined : deliver(ids, env));
    const id = await storeBulk({ action, filter: {}, reason: "Not ours" });
    const DB = faultyDatabase(strike(text, "commits, but is reported failed"));
    await deliver([id], guarded({ ...quiet, DB }, AT_ONCE), engine);
    expect(await resultOf(id)).toEqual({ matched: 5, done: 5 });
  });

  it("is counted although its run ended without knowing that it was done", async () => {
    await storeOrders(env, orders(5));
    const id = await storeBulk({ action: "cancel", filter: {} });
    const DB = faultyDatabase(strike(CANCEL, "commits, but is reported failed", 99));
    await deliver([id], guarded({ ...quiet, DB }, AT_ONCE), engine);
    const waits = { status: "RETRY", attempts: 0, error_code: "database_unavailable" };
    expect(await taskOf(id)).toMatchObject(waits);
    await passWaits([id]);
    await deliver([id], quiet, engine);
    expect(await resultOf(id)).toEqual({ matched: 5, done: 5 });
  });

  it("is left alone by a run whose lease was given up, or whose turn is over", async () => {
    const ids = await storeOrders(env, orders(3));
    const id = await storeBulk({ action: "cancel", filter: {} });
    const turn = { task: id, lease: "mine", page: 0, after: null, seen: 3 };
    const act = (overrides: Partial<typeof turn>) =>
      ACTIONS.cancel(quiet, engine, ids, { by: "user:1" }, { ...turn, ...overrides });
    await env.DB.prepare(
      "INSERT INTO leases (token, queue, worker, since, expires_at, task_ids) VALUES ('mine','tasks','w',0,9e15,json_array(?1))",
    )
      .bind(id)
      .run();
    expect(await act({ lease: "given up" })).toEqual([]);
    expect(await act({ page: 1 })).toEqual([]);
    expect(await states()).toEqual({ PENDING: 3 });
    expect(await act({})).toHaveLength(3);
    expect(await act({})).toEqual([]);
  });
});

describe("a bulk cancel of tasks that have something to undo", () => {
  it("undoes all of it, asking D1 a bounded number of times, and ends its slice with that", async () => {
    const undone = new Set<string>();
    const undoable = aDefinition({
      name: "test.undoable",
      onRevoke: async ({ id }) => void undone.add(id),
    });
    const both = new Engine([bulk, undoable]);
    const inputs = Array.from({ length: 1100 }, (_, n) => n);
    const ids = await storeTasks(env, undoable, inputs);
    const id = await storeBulk({ action: "cancel", filter: { name: undoable.name } });
    for (const [done, status] of [
      [1000, "PENDING"],
      [1100, "SUCCESS"],
    ] as const) {
      const { DB, counts } = countingDatabase();
      await deliver([id], { ...quiet, DB }, both);
      expect(undone.size).toBe(done);
      expect((await taskOf(id)).status).toBe(status);
      expect(counts.statements).toBeLessThan(200);
    }
    expect(undone).toEqual(new Set(ids));
  });
});

const manyIds = Array.from({ length: 1001 }, (_, i) => taskId(newBatchId(1), i));

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
    ["an unknown filter", { action: "cancel", filter: { estado: "x" } }, "filter.estado"],
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

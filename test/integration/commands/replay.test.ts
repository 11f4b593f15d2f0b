import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { adminSession, expectBadParameter, expectProblem, type List } from "../../support/api";
import type { Execution } from "../../support/api-orders";
import { seedLease } from "../../support/api-rows";
import { storeOrders, storeTasks, taskOf } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

const purge = aDefinition({ name: "admin.purge", startedBy: "admin" });
const strict = aDefinition({
  name: "test.strict",
  input: z.strictObject({ n: z.int() }),
  startedBy: "operator",
  run: async ({ input }) =>
    (input as { n: number }).n > 0
      ? { kind: "done", result: input }
      : { kind: "reject", reason: { code: "because", message: "Not positive" } },
});
const site = siteOf([purge, strict]);
const keys = await someKeys();
const key = keys.operator;

beforeEach(clearTasks);

const act = (action: string, id: string, body?: unknown, as = key) =>
  site.ask("POST", `/api/tasks/${action}/${id}/`, { key: as, body });
const discard = (id: string, reason = "Known, and harmless") => act("discard", id, { reason });

async function replay(id: string, input: unknown): Promise<string> {
  const response = await act("replay", id, { input });
  expect(response.status).toBe(202);
  return (await response.json<{ task_id: string }>()).task_id;
}

async function failedOrder(): Promise<[id: string, order: Record<string, unknown>]> {
  const order = anOrder({ productos: [] });
  const [id = ""] = await storeOrders(env, [order]);
  await site.run(id);
  expect((await taskOf(id)).status).toBe("FAILURE");
  return [id, order];
}

const found = async (query: string) => {
  const path = `/api/tasks/executions/?${query}`;
  return (await site.get<List<Execution>>(path, { key })).results.map(({ id }) => id);
};

async function bulk(body: unknown): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve, 2)); // The task gets a millisecond of its own.
  const asked = { key, body };
  const { task_id } = await site.post<{ task_id: string }>("/api/tasks/bulk/", asked, 202);
  await site.run(task_id);
  return (await site.execution(task_id, key)).result_data;
}

describe("replay", () => {
  it("runs an edited copy, which names the first; that one is discarded", async () => {
    const [id, order] = await failedOrder();
    const copy = await replay(id, { ...order, productos: [{ sku: "P001", cantidad: 1 }] });
    await site.run(copy);
    expect(await site.execution(copy, key)).toMatchObject({
      status: "SUCCESS",
      replay_of: id,
      pedido_id: String(order["id"]),
      requested_by: expect.stringMatching(/^key:/),
    });
    const first = await site.execution(id, key);
    expect(first).toMatchObject({ status: "FAILURE", discard_reason: `replayed as ${copy}` });
    expect(first.timeline.map(({ event }) => event)).toContain("discarded");
    expect(first.timeline.at(-1)).toMatchObject({ event: "discarded", replayed_as: copy });
  });

  it("of an order that was stored never stores a second", async () => {
    const order = anOrder();
    const [id = ""] = await storeOrders(env, [order]);
    await site.run(id);
    const copy = await replay(id, { ...order, cliente: "Stark Industries" });
    await site.run(copy);
    expect(await site.execution(copy, key)).toMatchObject({
      status: "FAILURE",
      error_code: "duplicate_order",
    });
    expect(await site.execution(id, key)).toMatchObject({
      status: "SUCCESS",
      discard_reason: null,
    });
    const { results } = await env.DB.prepare("SELECT customer, task_id FROM orders WHERE id = ?")
      .bind(String(order["id"]))
      .all();
    expect(results).toEqual([{ customer: "ACME Corp", task_id: id }]);
  });

  it("of a cancelled task leaves it cancelled", async () => {
    const [id = ""] = await storeTasks(env, strict, [{ n: 0 }]);
    await act("cancel", id);
    await replay(id, { n: 1 });
    expect(await taskOf(id)).toMatchObject({ status: "REVOKED", discard_reason: null });
  });

  it("refuses an input its schema refuses, and leaves the failure as it was", async () => {
    const [id = ""] = await storeTasks(env, strict, [{ n: 0 }]);
    await site.run(id);
    for (const [parameter, body] of [
      ["input.n", { input: { n: "x" } }],
      ["input", {}],
      ["input", { input: [] }],
    ] as const) {
      await expectBadParameter(await act("replay", id, body), parameter);
    }
    expect((await taskOf(id)).discard_reason).toBeNull();
  });

  it("answers 409 with the state while the task waits or runs", async () => {
    const [id = ""] = await storeTasks(env, strict, [{ n: 1 }]);
    const waits = await expectProblem(await act("replay", id, { input: {} }), 409, "wrong_state");
    expect(waits["state"]).toBe("PENDING");
    await seedLease("worker", [id]);
    const runs = await expectProblem(await act("replay", id, { input: {} }), 409, "wrong_state");
    expect(runs["state"]).toBe("STARTED");
  });

  it("starts nothing its caller may not start", async () => {
    const [id = ""] = await storeTasks(env, purge, [{}]);
    await act("cancel", id);
    await expectProblem(await act("replay", id, { input: {} }), 403, "forbidden");
    const admin = { cookie: await adminSession(), body: { input: {} } };
    expect((await site.ask("POST", `/api/tasks/replay/${id}`, admin)).status).toBe(202);
  });

  it("gives an internal task no input of a caller's making", async () => {
    const asked = { key, body: { action: "cancel", filter: {} } };
    const { task_id } = await site.post<{ task_id: string }>("/api/tasks/bulk/", asked, 202);
    await site.run(task_id);
    const forged = { action: "cancel", filter: { status: "1) OR (1=1" } };
    await expectProblem(await act("replay", task_id, { input: forged }), 404, "unknown_task");
  });
});

describe("discard", () => {
  it("marks a failure, which stays one, with the reason and who gave it", async () => {
    const [id] = await failedOrder();
    const response = await discard(id);
    expect(await response.json()).toEqual({ task_id: id, status: "FAILURE" });
    const task = await site.execution(id, key);
    expect(task).toMatchObject({ status: "FAILURE", discard_reason: "Known, and harmless" });
    expect(task.timeline.at(-1)).toMatchObject({
      event: "discarded",
      by: expect.stringMatching(/^key:/),
      reason: "Known, and harmless",
    });
    expect(task.timeline.at(-1)).not.toHaveProperty("replayed_as");
    expect(task.timeline.map(({ at }) => at)).toEqual(task.timeline.map(({ at }) => at).toSorted());
    expect(await found("discarded=true")).toEqual([id]);
    expect(await found("discarded=false&status=FAILURE")).toEqual([]);
  });

  it("answers 409 to a second one and to what has not failed", async () => {
    const [id] = await failedOrder();
    await discard(id);
    const again = await expectProblem(await discard(id, "other"), 409, "wrong_state");
    expect(again["state"]).toBe("FAILURE");
    expect((await taskOf(id)).discard_reason).toBe("Known, and harmless");
    const [open = ""] = await storeOrders(env, [anOrder()]);
    expect((await expectProblem(await discard(open), 409, "wrong_state"))["state"]).toBe("PENDING");
  });

  it("is left alone by a bulk retry, unless it is asked for", async () => {
    const [given] = await failedOrder();
    const [other] = await failedOrder();
    await discard(given);
    expect(await bulk({ action: "retry", filter: {} })).toEqual({ matched: 1, done: 1 });
    expect((await taskOf(given)).status).toBe("FAILURE");
    expect((await taskOf(other)).status).toBe("PENDING");
    const asked = { action: "retry", filter: { discarded: true } };
    expect(await bulk(asked)).toEqual({ matched: 1, done: 1 });
    expect(await taskOf(given)).toMatchObject({ status: "PENDING", discard_reason: null });
  });

  it("is taken back by a retry", async () => {
    const [id] = await failedOrder();
    await discard(id);
    expect((await act("retry", id)).status).toBe(200);
    expect((await taskOf(id)).discard_reason).toBeNull();
    await site.run(id);
    expect(await site.execution(id, key)).toMatchObject({
      status: "FAILURE",
      discard_reason: null,
    });
  });

  it("of all that match is a task which tells how many", async () => {
    const [first] = await failedOrder();
    await failedOrder();
    await failedOrder();
    await discard(first, "before");
    const body = { action: "discard", filter: { search: "empty_order" }, reason: "Tidying up" };
    expect(await bulk(body)).toEqual({ matched: 2, done: 2 });
    expect((await taskOf(first)).discard_reason).toBe("before");
    expect(await found("discarded=true")).toHaveLength(3);
    expect(await bulk(body)).toEqual({ matched: 0, done: 0 });
  });

  it.each([
    ["reason", {}],
    ["reason", { reason: "  " }],
    ["reason", { reason: "x".repeat(501) }],
  ])("refuses a bad %s", async (parameter, body) => {
    await expectBadParameter(await act("discard", "any", body), parameter);
    const all = { key, body: { action: "discard", filter: {}, ...body } };
    await expectBadParameter(await site.ask("POST", "/api/tasks/bulk/", all), parameter);
  });
});

it.each([
  ["discard", { reason: "why" }],
  ["replay", { input: {} }],
])("%s is for tasks:write, and of tasks there are", async (action, body) => {
  await expectProblem(await act(action, "nobody", body), 404, "task_not_found");
  await expectProblem(await act(action, "nobody", body, keys.viewer), 403, "forbidden");
  const unknown = await site.ask("POST", `/api/tasks/${action}/nobody`, { body });
  await expectProblem(unknown, 401, "unauthorized");
});

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { recover } from "../../src/tasks/recover";
import { apiKey, call, expectProblem } from "../support/api";
import { deafQueue, deliver, storeOrders, taskOf, testEnv } from "../support/engine";
import { anOrder } from "../support/orders";
import { clearTasks } from "../support/recount";

const post = (path: string, key: string, body?: unknown) =>
  call(`/api/tasks/queues/${path}`, {
    method: "POST",
    key,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

const orders = (count: number) => Array.from({ length: count }, () => anOrder());

/** An empty queue that notes what is sent. */
function listening() {
  const sent: string[] = [];
  const queue = {
    metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
    sendBatch: async (messages: { body: { task_id: string } }[]) => {
      sent.push(...messages.map(({ body }) => body.task_id));
    },
  };
  return { sent, tested: testEnv({ QUEUE_ORDERS: queue, QUEUE_TASKS: deafQueue }) };
}

beforeEach(async () => {
  await clearTasks();
  await env.DB.prepare("DELETE FROM paused_queues").run();
});

describe("a paused queue", () => {
  it("runs nothing and uses up no attempt; once resumed, recovery sends what waits", async () => {
    const key = await apiKey(["tasks:write"]);
    const ids = await storeOrders(env, orders(3));
    expect((await post("orders/pause/", key, { reason: "catalogue is moving" })).status).toBe(200);
    expect((await deliver(ids, env)).acked.toSorted()).toEqual(ids);
    expect(await taskOf(ids[0])).toMatchObject({
      status: "PENDING",
      attempts: 0,
      started_at: null,
    });

    const later = Date.now() + 3_600_000;
    const { sent, tested } = listening();
    await recover(tested, later);
    expect(sent).toEqual([]);

    expect((await post("orders/resume/", key)).status).toBe(200);
    await recover(tested, later);
    expect(sent.toSorted()).toEqual(ids);
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("lets what already runs come to its end, and other queues go on", async () => {
    const key = await apiKey(["tasks:write", "tasks:read"]);
    await post("tasks/pause/", key, { reason: "only that one" });
    const ids = await storeOrders(env, orders(1));
    await deliver(ids, env);
    expect(await taskOf(ids[0])).toMatchObject({ status: "SUCCESS" });
  });

  it("says so, with who and why, in the overview", async () => {
    const key = await apiKey(["tasks:write", "tasks:read"]);
    await post("orders/pause/", key, { reason: "stock-taking" });
    await post("orders/pause/", key, { reason: "once more" });
    const answer = await call("/api/tasks/flower-info/", { key });
    const { queues } = await answer.json<{ queues: { queue: string; paused: unknown }[] }>();
    expect(queues.find(({ queue }) => queue === "orders")?.paused).toMatchObject({
      by: expect.stringMatching(/^key:/) as string,
      reason: "stock-taking",
    });
    expect(queues.find(({ queue }) => queue === "tasks")?.paused).toBeNull();
  });

  it("must exist, and wants a reason and tasks:write", async () => {
    const key = await apiKey(["tasks:write"]);
    await expectProblem(await post("nothing/pause/", key, { reason: "x" }), 404, "queue_not_found");
    await expectProblem(await post("orders/pause/", key, {}), 400, "invalid_parameter");
    const reader = await apiKey(["tasks:read"]);
    await expectProblem(await post("orders/pause/", reader, { reason: "x" }), 403, "forbidden");
  });
});

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { pauseQueue, resumeQueue } from "../../../src/tasks/commands/pause-queue";
import { recover } from "../../../src/tasks/recovery/recover";
import { RECOVERY_NAME } from "../../../src/tasks/recovery/recovery-alarm";
import { apiKey, call, expectProblem } from "../../support/api";
import { countingDatabase } from "../../support/counting";
import { deafQueue, deliver, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const post = (path: string, key: string, body?: unknown) =>
  call(`/api/tasks/queues/${path}`, {
    method: "POST",
    key,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

const orders = (count: number) => Array.from({ length: count }, () => anOrder());

/**
 * Makes a queue that notes what is sent: empty, or with an oldest message. No alarm looks by
 * itself.
 */
function listening(oldest?: number, overrides = {}) {
  const sent: string[] = [];
  const queue = {
    metrics: async () => ({
      backlogBytes: 0,
      backlogCount: oldest === undefined ? 0 : 1,
      ...(oldest !== undefined && { oldestMessageTimestamp: new Date(oldest) }),
    }),
    sendBatch: async (messages: { body: { task_id: string } }[]) => {
      if (messages.length > 100) {
        throw new Error("more than a call may bring");
      }
      sent.push(...messages.map(({ body }) => body.task_id));
    },
  };
  const resting = { getByName: () => ({ arm: async () => {}, lookNow: async () => {} }) };
  const tested = testEnv({
    QUEUE_ORDERS: queue,
    QUEUE_TASKS: deafQueue,
    RECOVERY: resting,
    ...overrides,
  });
  return { sent, tested };
}

const aPause = { queue: "orders", since: 1, by: "key:1", reason: "stock-taking" };

/**
 * Stores orders that were accepted, and whose messages were acked, while their queue was paused.
 */
async function storeThroughPause(count: number, resuming: Env): Promise<string[]> {
  await pauseQueue(env, aPause);
  const ids: string[] = [];
  while (ids.length < count) {
    ids.push(...(await storeOrders(env, orders(Math.min(1000, count - ids.length)))));
  }
  await resumeQueue(resuming, "orders");
  return ids;
}

beforeEach(clearTasks);

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

describe("a resumed queue", () => {
  it("gets all that waited, in looks that follow each other at once, each task once", async () => {
    const { DB, counts } = countingDatabase();
    const { sent, tested } = listening(undefined, { DB });
    const ids = await storeThroughPause(9000, tested);
    const looks: number[] = [];
    for (let more = true; more;) {
      Object.assign(counts, { statements: 0 });
      ({ more } = await recover(tested, Date.now()));
      looks.push(sent.length);
      expect(counts.statements).toBeLessThan(50);
    }
    expect(looks).toEqual([4000, 8000, 9000]);
    expect(sent.toSorted()).toEqual(ids);
    await recover(tested, Date.now());
    expect(sent).toHaveLength(9000);
  });

  it("writes no row of what waits but to note that it was sent", async () => {
    const { DB, counts } = countingDatabase();
    const { tested } = listening(undefined, { DB });
    await storeThroughPause(1000, tested);
    expect(counts.rowsWritten).toBeLessThanOrEqual(4);
    await recover(tested, Date.now());
    expect(counts.rowsWritten).toBeLessThanOrEqual(2010);
  });

  it("is looked at once it is resumed, and again within a second while more waits", async () => {
    const recovery = env.RECOVERY.getByName(RECOVERY_NAME);
    const looks: string[] = [];
    const lookNow = async () => void looks.push("now");
    const { sent, tested } = listening(undefined, {
      RECOVERY: { getByName: () => ({ lookNow }) },
    });
    await storeThroughPause(4500, tested);
    expect(looks).toEqual(["now"]);
    await runInDurableObject(recovery, async (object, { storage }) => {
      // The object gets a queue of its own, so that nothing but this test takes what it sends.
      Object.assign(object, { env: tested });
      await storage.deleteAlarm();
      await object.alarm();
      expect(sent).toHaveLength(4000);
      expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now() + 1000);
      await storage.deleteAlarm();
      await object.alarm();
      expect(sent).toHaveLength(4500);
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 10_000);
      await storage.deleteAlarm();
    });
  });

  it("is sent nothing of what may still wait in it, but is looked at again soon", async () => {
    const now = Date.now();
    const { sent, tested } = listening(now - 1000);
    await storeThroughPause(3, tested);
    expect(await recover(tested, Date.now())).toMatchObject({ more: true });
    expect(sent).toEqual([]);
    const dry = listening(Date.now());
    expect(await recover(dry.tested, Date.now())).toMatchObject({ more: false });
    expect(dry.sent).toHaveLength(3);
  });

  it("keeps what it took when it refuses the rest, which goes a moment later", async () => {
    const { sent, tested } = listening();
    const ids = await storeThroughPause(2000, tested);
    let calls = 0;
    const { QUEUE_ORDERS: queue } = tested;
    const full = {
      ...queue,
      sendBatch: async (messages: never[]) => {
        calls += 1;
        if (calls > 8 && calls < 100) {
          throw new Error("Too Many Requests");
        }
        return queue.sendBatch(messages);
      },
    };
    const refusing = { ...tested, QUEUE_ORDERS: full };
    expect(await recover(refusing, Date.now())).toMatchObject({ resent: 800, more: true });
    calls = 100;
    expect(await recover(refusing, Date.now())).toMatchObject({ resent: 1200, more: false });
    expect(sent.toSorted()).toEqual(ids);
  });

  it("sends nothing early that waits for a time of its own", async () => {
    const { sent, tested } = listening();
    await pauseQueue(env, aPause);
    await storeOrders(env, orders(2));
    await env.DB.prepare("UPDATE tasks SET status = 'RETRY', ready_at = ?1, check_at = ?1 + 30000")
      .bind(Date.now() + 20_000)
      .run();
    await resumeQueue(tested, "orders");
    await recover(tested, Date.now());
    expect(sent).toEqual([]);
  });

  it("counts the age of what waited from then on", async () => {
    const key = await apiKey(["tasks:read"]);
    const { tested } = listening();
    await storeThroughPause(1, tested);
    await env.DB.prepare("UPDATE tasks SET ready_at = ready_at - 3600000").run();
    const answer = await call("/api/tasks/flower-info/", { key });
    const { queues } = await answer.json<{
      queues: { queue: string; oldest_age_seconds: number }[];
    }>();
    expect(queues.find(({ queue }) => queue === "orders")?.oldest_age_seconds).toBeLessThan(60);
  });
});

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { enqueueSent } from "../../../src/orders/intake/ingest";
import { readOrderText } from "../../../src/orders/order/order-text";
import { processOrder } from "../../../src/orders/pipeline/task";
import { actOn } from "../../../src/tasks/commands/actions";
import { Engine } from "../../../src/tasks/model/engine";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { recover } from "../../../src/tasks/recovery/recover";
import { bindingOf, taskIdOf } from "../../platform/batch";
import { type D1Rules, strictD1 } from "../../platform/d1";
import { StrictQueue } from "../../platform/queue";
import { countingDatabase } from "../../support/counting";
import { deliver, orderEngine, storeTasks, testEnv } from "../../support/engine";
import { elapse } from "../../support/elapse";
import { anOrder } from "../../support/orders";
import { grantedOf } from "../../support/result";
import { clearTasks } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const SECOND = 1000;

beforeEach(async () => {
  await clearTasks();
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function siteWith(queue: StrictQueue | Queue, overrides: Partial<Record<keyof Env, unknown>> = {}) {
  const looks: number[] = [];
  const recovery = { arm: async () => {}, lookNow: async () => void looks.push(Date.now()) };
  const RECOVERY = { getByName: () => recovery };
  const tested = testEnv({
    QUEUE_ORDERS: queue instanceof StrictQueue ? bindingOf(queue) : queue,
    RECOVERY,
    ...overrides,
  });
  Reflect.deleteProperty(tested, "QUEUE_TASKS");
  return { tested, looks };
}

/** Makes a request, and returns its tasks and what goes on behind its answer. */
async function request(tested: Env, count: number) {
  const work: Promise<unknown>[] = [];
  const orders = Array.from({ length: count }, () => readOrderText(JSON.stringify(anOrder())));
  const accepted = await enqueueSent(tested, orders, {
    user: null,
    behind: (some) => work.push(some),
  });
  return { ids: grantedOf(accepted).taskIds, behind: Promise.all(work) };
}

async function unsentTasks(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT id FROM tasks WHERE sent_at IS NULL AND status = 'PENDING' ORDER BY id",
  ).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/**
 * Looks once a second until no task is left that could be sent now; returns for how long, in
 * milliseconds.
 */
async function recoverAll(tested: Env): Promise<number> {
  const from = Date.now();
  for (let look = 0; look < 100; look += 1) {
    const { more } = await recover(tested, Date.now());
    if (!more) {
      return Date.now() - from;
    }
    vi.setSystemTime(Date.now() + SECOND);
  }
  throw new Error("recovery does not end");
}

function sentIds(queue: StrictQueue): string[] {
  return queue.sent.map((body) => taskIdOf({ body }) ?? "");
}

function expectOnce(queue: StrictQueue, ids: readonly string[]): void {
  expect(queue.sent).toHaveLength(ids.length);
  expect(new Set(sentIds(queue))).toEqual(new Set(ids));
}

describe("a queue that takes 5,000 messages a second", () => {
  it("gets the 10,000 of one request within seconds, each once", async () => {
    const queue = new StrictQueue();
    const { tested, looks } = siteWith(queue);
    const { ids, behind } = await request(tested, 10_000);
    expect(queue.sent.length).toBeLessThan(5000); // The answer does not wait for all messages.
    const { ms } = await elapse(behind);
    expectOnce(queue, ids);
    expect(ms).toBeLessThan(10 * SECOND);
    console.log(`10,000 orders in one request: sent in ${ms} ms`);
    expect(await unsentTasks()).toEqual([]);
    expect(looks).toEqual([]);
  });

  it("gets three times 10,000 sent at once within seconds, each once", async () => {
    const queue = new StrictQueue();
    const { tested, looks } = siteWith(queue);
    const requests = Array.from({ length: 3 }, () => request(tested, 10_000));
    const { result: sent } = await elapse(Promise.all(requests));
    const { ms } = await elapse(Promise.all(sent.map(({ behind }) => behind)));
    expectOnce(
      queue,
      sent.flatMap(({ ids }) => ids),
    );
    expect(ms).toBeLessThan(20 * SECOND);
    expect(await unsentTasks()).toEqual([]);
    expect(looks).toEqual([]);
    console.log(`30,000 orders at once: sent in ${ms} ms`);
  });

  it("has room for small requests beside a large one", async () => {
    const queue = new StrictQueue();
    const { tested } = siteWith(queue);
    const large = await Promise.all([request(tested, 5000), request(tested, 5000)]);
    const small = Array.from({ length: 20 }, async () => {
      const from = Date.now();
      const { behind } = await request(tested, 1);
      await behind;
      return Date.now() - from;
    });
    const { result: waits } = await elapse(Promise.all(small));
    expect(Math.max(...waits)).toBeLessThan(2 * SECOND);
    await elapse(Promise.all(large.map(({ behind }) => behind)));
    expect(new Set(sentIds(queue)).size).toBe(10_020);
    expect(queue.sent).toHaveLength(10_020);
  });

  it("gets what recovery sends and what producers send, all of it, each once", async () => {
    const orders = Array.from({ length: 6000 }, () => anOrder());
    const { result: due } = await elapse(storeTasks(env, processOrder, orders));
    await env.DB.prepare("UPDATE tasks SET sent_at = NULL, check_at = ready_at").run();
    const queue = new StrictQueue();
    const { tested } = siteWith(queue);
    const { ids, behind } = await request(tested, 6000);
    const looks = (async () => {
      while ((await recover(tested, Date.now())).more) {
        await new Promise((resolve) => setTimeout(resolve, SECOND));
      }
    })();
    const { ms } = await elapse(Promise.all([behind, looks]));
    expectOnce(queue, [...due, ...ids]);
    expect(ms).toBeLessThan(15 * SECOND);
  });
});

describe("what a queue does not take in time", () => {
  it("is unsent, and only that; recovery sends it once, as fast as the queue takes it", async () => {
    const queue = new StrictQueue();
    const { DB, counts } = countingDatabase();
    const { tested, looks } = siteWith(queue, { DB });
    const { ids, behind } = await request(tested, 10_000);
    const written = counts.rowsWritten;
    setTimeout(() => (queue.refuses = true), SECOND);
    const { ms } = await elapse(behind);
    expect(ms).toBeLessThan(25 * SECOND); // The platform ends it after 30 s.
    const taken = new Set(sentIds(queue));
    expect(taken.size).toBeGreaterThan(2000);
    const left = ids.filter((id) => !taken.has(id));
    expect(await unsentTasks()).toEqual(left);
    expect(counts.rowsWritten - written).toBeLessThanOrEqual(3 * left.length);
    expect(looks).toHaveLength(1);
    queue.refuses = false;
    expect(await recoverAll(tested)).toBeLessThan(20 * SECOND);
    expectOnce(queue, ids);
    expect(await unsentTasks()).toEqual([]);
  });

  const refusing = {
    sendBatch: () => Promise.reject(new Error("Too Many Requests")),
    metrics: async () => ({ backlogCount: 1, backlogBytes: 1 }),
  } as unknown as Queue;
  const single = aDefinition({ name: "test.single", queue: "orders" });

  async function expectSentAtOnce(looks: readonly number[], id: string): Promise<void> {
    expect(looks).not.toEqual([]);
    expect(await unsentTasks()).toContain(id);
    const queue = new StrictQueue();
    const { tested } = siteWith(queue);
    await recover(tested, Date.now());
    await recover(tested, Date.now() + SECOND);
    expect(sentIds(queue)).toEqual([id]);
  }

  it("is sent by recovery's next look: a task enqueued alone", async () => {
    const { tested, looks } = siteWith(refusing);
    await expectSentAtOnce(looks, await enqueueOne(tested, single, {}, { user: null }));
  });

  it("is sent by recovery's next look: an order sent over HTTP", async () => {
    const { tested, looks } = siteWith(refusing);
    const { result } = await elapse(request(tested, 1));
    await elapse(result.behind);
    await expectSentAtOnce(looks, result.ids[0] ?? "");
  });

  it("is sent by recovery's next look: a task run again", async () => {
    const { tested, looks } = siteWith(refusing);
    const [id = ""] = await storeTasks(env, processOrder, [anOrder()]);
    await actOn(env, orderEngine, "cancel", id, { by: "user:test" });
    expect(await actOn(tested, orderEngine, "retry", id, { by: "user:test" })).toBe("done");
    await expectSentAtOnce(looks, id);
  });

  it("is sent by recovery's next look: the next slice of a task", async () => {
    const { tested, looks } = siteWith(refusing);
    const sliced = aDefinition({
      name: "test.sliced",
      queue: "orders",
      run: async () => ({ kind: "continue", checkpoint: 1 }),
    });
    const [id = ""] = await storeTasks(env, sliced, [{}]);
    await deliver([id], tested, new Engine([sliced]));
    await expectSentAtOnce(looks, id);
  });

  it("is sent once, not at every look, while D1 cannot note it; then all of it is", async () => {
    const ids = await storeTasks(env, processOrder, [anOrder(), anOrder(), anOrder()]);
    await env.DB.prepare("UPDATE tasks SET sent_at = NULL, check_at = ready_at").run();
    const queue = new StrictQueue();
    const rules: D1Rules = {
      fault: ({ sql }) => (sql.includes("resends = resends +") ? { error: "full" } : null),
    };
    const { tested } = siteWith(queue, { DB: strictD1(env.DB, rules) });
    for (let look = 0; look < 4; look += 1) {
      await recover(tested, Date.now() + look * SECOND);
    }
    expectOnce(queue, ids);
    delete rules.fault;
    await recover(tested, Date.now() + 4 * SECOND);
    await recover(tested, Date.now() + 5 * SECOND);
    expect(sentIds(queue).slice(ids.length).toSorted()).toEqual(ids.toSorted());
    expect(await unsentTasks()).toEqual([]);
  });

  it("is not sent before its time", async () => {
    const { tested } = siteWith(refusing);
    await enqueueOne(tested, single, {}, { user: null, delayMs: 20_000 });
    const queue = new StrictQueue();
    const later = siteWith(queue).tested;
    await recover(later, Date.now() + 19_999);
    expect(queue.sent).toEqual([]);
    await recover(later, Date.now() + 20_000);
    expect(queue.sent).toHaveLength(1);
  });
});

describe("recovery looks again within a second", () => {
  it.each([
    ["Too Many Requests", true],
    ["Storage Limit Exceeded", false],
  ])("after a refusal of all it sends: %s, %s", async (message, more) => {
    await storeTasks(env, processOrder, [anOrder()]);
    await env.DB.prepare("UPDATE tasks SET sent_at = NULL, check_at = ready_at").run();
    const queue = { sendBatch: () => Promise.reject(new Error(message)) } as unknown as Queue;
    expect(await recover(siteWith(queue).tested, Date.now())).toMatchObject({ resent: 0, more });
  });
});

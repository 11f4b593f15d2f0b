import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../../src/index";
import { recover } from "../../../src/tasks/recovery/recover";
import { RECOVERY_NAME } from "../../../src/tasks/recovery/recovery-alarm";
import { watchRecovery } from "../../../src/tasks/recovery/watch-recovery";
import { type D1Call, type D1Rules, strictD1 } from "../../platform/d1";
import { CATALOGUE_URL, stubCatalogue } from "../../support/catalogue";
import { countingDatabase } from "../../support/counting";
import { deliver, lapseLeases, storeOrders, takeAndDie, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks, recount } from "../../support/recount";

interface FakeBacklog {
  backlogCount: number;
  oldestMessageTimestamp?: Date;
}

/** Makes a queue with a backlog of the test's choosing, which notes what is sent. */
function queueWith(backlog: FakeBacklog): { sent: string[]; tested: Env } {
  const sent: string[] = [];
  const queue = {
    metrics: async () => ({ backlogBytes: 0, ...backlog }),
    sendBatch: async (messages: { body: { task_id: string } }[]) => {
      sent.push(...messages.map(({ body }) => body.task_id));
    },
  };
  return { sent, tested: testEnv({ QUEUE_ORDERS: queue }) };
}

const orders = (count: number) => Array.from({ length: count }, () => anOrder());
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeEach(clearTasks);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("recovery sends again", () => {
  it("a row whose wait has passed, once", async () => {
    const [id] = await storeOrders(env, orders(1));
    const now = Date.now();
    await env.DB.prepare(
      "UPDATE tasks SET status = 'RETRY', sent_at = NULL, ready_at = ?1, check_at = ?1",
    )
      .bind(now + 90_000)
      .run();
    const { sent, tested } = queueWith({ backlogCount: 9, oldestMessageTimestamp: new Date(0) });
    await recover(tested, now + 89_999);
    expect(sent).toEqual([]);
    await recover(tested, now + 90_000);
    await recover(tested, now + 91_000);
    expect(sent).toEqual([id]);
  });

  it("a row sent but gone: its queue is empty, or all that waits there is younger", async () => {
    await storeOrders(env, orders(3));
    const now = Date.now();
    const old = queueWith({ backlogCount: 5, oldestMessageTimestamp: new Date(now - MINUTE) });
    await recover(old.tested, now + MINUTE);
    expect(old.sent).toEqual([]);
    const young = queueWith({ backlogCount: 5, oldestMessageTimestamp: new Date(now + MINUTE) });
    await recover(young.tested, now + MINUTE);
    expect(young.sent).toHaveLength(3);
    const empty = queueWith({ backlogCount: 0 });
    await recover(empty.tested, now + 3 * MINUTE);
    expect(empty.sent).toHaveLength(3);
  });

  it("nothing that a consumer holds", async () => {
    const [id = ""] = await storeOrders(env, orders(1));
    await env.DB.prepare(
      "INSERT INTO leases (token, queue, worker, since, expires_at, task_ids) VALUES ('t','orders','w',0,?1,json_array(?2))",
    )
      .bind(Date.now() + 10 * MINUTE, id)
      .run();
    const { sent, tested } = queueWith({ backlogCount: 0 });
    await recover(tested, Date.now() + MINUTE);
    expect(sent).toEqual([]);
  });

  it("a bounded number at a time, and a deep backlog is not amplified (I6)", async () => {
    for (let request = 0; request < 6; request++) {
      await storeOrders(env, orders(1000));
    }
    const now = Date.now();
    const empty = queueWith({ backlogCount: 0 });
    await recover(empty.tested, now + MINUTE);
    expect(empty.sent).toHaveLength(4000);
    // The queue is alive but hours behind: its oldest message is older than every row.
    const busy = queueWith({
      backlogCount: 1e6,
      oldestMessageTimestamp: new Date(now - 60 * MINUTE),
    });
    for (let minute = 2; minute < 5; minute++) {
      await recover(busy.tested, now + minute * MINUTE);
    }
    expect(busy.sent).toEqual([]);
  });

  it("a row that is due although thousands merely wait for a busy queue", async () => {
    const [id] = await storeOrders(env, orders(1));
    const now = Date.now();
    await env.DB.prepare("UPDATE tasks SET status = 'RETRY', sent_at = NULL, check_at = ?1")
      .bind(now + MINUTE)
      .run();
    for (let request = 0; request < 2; request++) {
      await storeOrders(env, orders(1000));
    }
    const busy = queueWith({ backlogCount: 2000, oldestMessageTimestamp: new Date(now - MINUTE) });
    await recover(busy.tested, now + MINUTE);
    expect(busy.sent).toEqual([id]);
  });

  it("nothing whose own message is the oldest in the queue", async () => {
    await storeOrders(env, orders(3));
    const now = Date.now();
    // The message is stamped a moment after the row.
    const own = queueWith({ backlogCount: 3, oldestMessageTimestamp: new Date(now + 500) });
    await recover(own.tested, now + MINUTE);
    expect(own.sent).toEqual([]);
  });

  it("what is due even while the queue tells nothing of itself", async () => {
    const [due] = await storeOrders(env, orders(1));
    const now = Date.now();
    await env.DB.prepare("UPDATE tasks SET sent_at = NULL, ready_at = ?1, check_at = ?1")
      .bind(now)
      .run();
    await storeOrders(env, orders(1));
    const mute = queueWith({ backlogCount: 0 });
    const queue = { ...mute.tested.QUEUE_ORDERS, metrics: () => Promise.reject(new Error("none")) };
    await recover(testEnv({ QUEUE_ORDERS: queue }), now + MINUTE);
    expect(mute.sent).toEqual([due]);
  });

  it("by two recoveries at once: at most one message too many, and no harm", async () => {
    const ids = await storeOrders(env, orders(5));
    const { sent, tested } = queueWith({ backlogCount: 0 });
    const now = Date.now() + MINUTE;
    await Promise.all([recover(tested, now), recover(tested, now)]);
    expect(new Set(sent)).toEqual(new Set(ids));
    expect(sent.length).toBeLessThanOrEqual(10);
  });

  it.each([
    [
      "it waits after a run",
      async (id: string) => {
        stubCatalogue(() => new Response("down", { status: 503 }));
        await deliver([id], testEnv({ CATALOGUE_URL }));
      },
    ],
    [
      "its consumer died",
      async (id: string) => {
        await takeAndDie([id]);
        await lapseLeases();
        await recover(queueWith({ backlogCount: 0 }).tested, Date.now());
      },
    ],
  ])("a row lost often before it ran, as soon as a fresh one: %s", async (_name, run) => {
    const [id = ""] = await storeOrders(env, orders(1));
    await env.DB.prepare("UPDATE tasks SET resends = 9").run();
    await run(id);
    const { sent, tested } = queueWith({ backlogCount: 0 });
    // The task's message is lost once more, and so is the one sent in its place.
    const check = await env.DB.prepare("SELECT check_at FROM tasks").first<number>("check_at");
    await recover(tested, check ?? 0);
    expect(sent).toEqual([id]);
    await recover(tested, (check ?? 0) + MINUTE);
    expect(sent).toEqual([id, id]);
  });

  it("when the queue refuses: the row is looked at again next time", async () => {
    await storeOrders(env, orders(1));
    const refusing = testEnv({
      QUEUE_ORDERS: {
        metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }),
        sendBatch: () => Promise.reject(new Error("Too Many Requests")),
      },
    });
    const now = Date.now() + MINUTE;
    expect(await recover(refusing, now)).toMatchObject({ open: true, resent: 0 });
    const { sent, tested } = queueWith({ backlogCount: 0 });
    await recover(tested, now + 1);
    expect(sent).toHaveLength(1);
  });
});

describe("the alarm", () => {
  const recovery = () => env.RECOVERY.getByName(RECOVERY_NAME);
  const alarmAt = () => runInDurableObject(recovery(), (_, state) => state.storage.getAlarm());

  it("is armed by work, stays awake while any is open, and rests after two quiet looks", async () => {
    await storeOrders(env, orders(1));
    await recovery().arm();
    expect(await alarmAt()).not.toBeNull();
    await runDurableObjectAlarm(recovery());
    await runDurableObjectAlarm(recovery());
    expect(await alarmAt()).not.toBeNull();
    await env.DB.prepare("UPDATE tasks SET status = 'SUCCESS'").run();
    await recount();
    await runDurableObjectAlarm(recovery());
    expect(await alarmAt()).not.toBeNull();
    await runDurableObjectAlarm(recovery());
    expect(await alarmAt()).toBeNull();
  });

  it("stays awake when a look fails", async () => {
    await recovery().arm();
    await env.DB.prepare("ALTER TABLE leases RENAME TO leases_away").run();
    for (let look = 0; look < 3; look++) {
      await runDurableObjectAlarm(recovery());
      expect(await alarmAt()).not.toBeNull();
    }
    await env.DB.prepare("ALTER TABLE leases_away RENAME TO leases").run();
  });

  it("keeps count of what it found, over looks that failed and restarts", async () => {
    await runInDurableObject(recovery(), (_, { storage }) => storage.deleteAll());
    const before = await recovery().status();
    const [lost = "", held = ""] = await storeOrders(env, orders(2));
    await env.DB.batch([
      env.DB.prepare("UPDATE tasks SET check_at = 0, sent_at = 0 WHERE id = ?").bind(lost),
      env.DB.prepare(
        "INSERT INTO leases (token, queue, worker, since, expires_at, task_ids) VALUES ('dead','orders','w',0,1,json_array(?))",
      ).bind(held),
    ]);
    await recovery().arm();
    const from = Date.now();
    await runDurableObjectAlarm(recovery());
    await env.DB.prepare("ALTER TABLE leases RENAME TO leases_away").run();
    await runDurableObjectAlarm(recovery());
    await env.DB.prepare("ALTER TABLE leases_away RENAME TO leases").run();
    await evictDurableObject(recovery());
    const status = await recovery().status();
    expect(status).toMatchObject({
      runs: before.runs + 2,
      failedRuns: before.failedRuns + 1,
      lapsedLeases: before.lapsedLeases + 1,
      resentTasks: before.resentTasks + 2,
      lastError: { message: expect.stringContaining("no such table") },
    });
    expect(status.lastRunAt).toBeGreaterThanOrEqual(from);
    expect(status.lastError?.at).toBe(status.lastRunAt);
    expect(status.nextRunAt).toBeGreaterThan(from);
  });

  it("looks at most once a second, however often it is told to look now", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 2 * HOUR); // The platform's own clock stays behind.
    await runInDurableObject(recovery(), async (object, { storage }) => {
      const toldAfter = async (ms: number) => {
        await storage.deleteAlarm();
        vi.setSystemTime(Date.now() + ms);
        await object.lookNow();
        return storage.getAlarm();
      };
      await object.alarm();
      const lookedAt = Date.now();
      expect(await toldAfter(300)).toBe(lookedAt + 1000);
      expect(await toldAfter(900)).toBe(lookedAt + 1200);
      expect(await toldAfter(-HOUR)).toBe(Date.now() + 1000);
      await storage.deleteAlarm();
    });
  });

  /** Looks with rules of D1's own, each look 15 s after the last ended. */
  async function looks(count: number, tested: Env, rules: D1Rules): Promise<void> {
    const { QUEUE_ORDERS } = tested;
    const own = testEnv({ QUEUE_ORDERS, DB: strictD1(env.DB, rules) });
    await runInDurableObject(recovery(), async (object, { storage }) => {
      await storage.deleteAll();
      Object.assign(object, { env: own });
      for (let look = 0; look < count; look += 1) {
        await storage.deleteAlarm();
        await object.alarm();
        vi.setSystemTime(Date.now() + 15_000);
      }
      Object.assign(object, { env });
      await storage.deleteAll();
    });
  }

  it.each([
    ["expired keys", "DELETE FROM idempotency_keys"],
    ["silent tasks", "error_code = 'lost'"],
    ["old counts", "task_counts WHERE span"],
  ])("finds dead consumers and sends again while D1 fails at %s", async (_name, text) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [held = "", lost = ""] = await storeOrders(env, orders(2));
    await takeAndDie([held]);
    const { sent, tested } = queueWith({ backlogCount: 0 });
    await looks(5, tested, {
      fault: ({ sql }) => (sql.includes(text) ? { error: "network lost" } : null),
    });
    expect(sent).toEqual(expect.arrayContaining([held, lost]));
  });

  it("finds dead consumers though each of its looks takes a minute", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [held = ""] = await storeOrders(env, orders(1));
    await takeAndDie([held]);
    const { sent, tested } = queueWith({ backlogCount: 0 });
    const fault = ({ sql }: D1Call) => {
      if (sql.includes("paused_queues")) {
        vi.setSystemTime(Date.now() + MINUTE);
      }
      return null;
    };
    await looks(3, tested, { fault });
    expect(sent).toContain(held);
    const row = await env.DB.prepare("SELECT suspect, crashes FROM tasks").first();
    expect(row).toEqual({ suspect: 0, crashes: 0 }); // D1 was slow, so no task is blamed.
  });

  it("heals when the clock goes back an hour: it looks soon, and at what was accepted before too", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { sent, tested } = queueWith({ backlogCount: 0 });
    const now = Date.now();
    await runInDurableObject(recovery(), (_, { storage }) => storage.deleteAll());
    vi.setSystemTime(now + HOUR);
    const [before = "", waits = "", held = ""] = await storeOrders(env, orders(3));
    await takeAndDie([held]);
    await env.DB.prepare(
      "UPDATE tasks SET status = 'RETRY', sent_at = NULL, ready_at = ?2, check_at = ?2 WHERE id = ?1",
    )
      .bind(waits, Date.now() + 5 * MINUTE)
      .run();
    expect(await alarmAt()).toBeGreaterThan(now + HOUR);

    vi.setSystemTime(now);
    const [after = ""] = await storeOrders(env, orders(1));
    expect(await alarmAt()).toBeLessThanOrEqual(now + 15_000);
    await runInDurableObject(recovery(), async (object, { storage }) => {
      Object.assign(object, { env: tested });
      const look = async (ms: number) => {
        vi.setSystemTime(now + ms);
        await storage.deleteAlarm();
        await object.alarm();
      };
      await look(0);
      expect(sent).toEqual([]);
      await look(31_000);
      expect(new Set(sent)).toEqual(new Set([before, after]));
      await look(46_000);
      expect(sent).toContain(held);
      await look(5 * MINUTE - 1);
      expect(sent).not.toContain(waits);
      await look(5 * MINUTE);
      expect(sent).toContain(waits);
      await storage.deleteAlarm();
    });
  });

  it("writes two rows a look: its next time, and its count", async () => {
    await storeOrders(env, orders(1));
    await recovery().arm();
    const written = await runInDurableObject(recovery(), async (object, { storage }) => {
      const total = () => storage.sql.exec("SELECT total_changes() AS n").one()["n"] as number;
      await storage.deleteAlarm(); // The platform deletes the alarm before it calls.
      const before = total();
      await object.alarm();
      return total() - before;
    });
    expect(written).toBe(2);
  });
});

it("expired idempotency keys go, others stay", async () => {
  const now = Date.now();
  const insert = env.DB.prepare(
    "INSERT INTO idempotency_keys (key, body_hash, lote, expires_at) VALUES (?, 'h', 'l', ?)",
  );
  await env.DB.batch([insert.bind("old", now - 1), insert.bind("new", now + 1000)]);
  await recover(env, now);
  const { results } = await env.DB.prepare("SELECT key FROM idempotency_keys").all();
  expect(results).toEqual([{ key: "new" }]);
});

describe("twenty thousand expired idempotency keys", () => {
  const later = () => Date.now() + 86_400_000;
  const left = () =>
    env.DB.prepare("SELECT count(*) AS n FROM idempotency_keys").first<number>("n");
  const store = (count: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO idempotency_keys SELECT 'user:1 key ' || i, 'h', 'l', ?2 FROM n`,
    )
      .bind(count, Date.now() - 1)
      .run();

  beforeEach(() => env.DB.exec("DELETE FROM idempotency_keys"));

  it("all go in one look of the cron though nothing is open, and the next writes nothing", async () => {
    await store(20_000);
    await worker.scheduled?.(createScheduledController(), env);
    expect(await left()).toBe(0);
    const { DB, counts } = countingDatabase();
    await watchRecovery(testEnv({ DB }), Date.now());
    expect(counts.rowsWritten).toBe(0);
    expect(counts.rowsRead).toBeLessThan(10);
  });

  it("all go in one look of recovery", async () => {
    await store(20_000);
    expect(await recover(env, Date.now())).toMatchObject({ open: false });
    expect(await left()).toBe(0);
  });

  it("keep recovery awake while there are more than a look deletes", async () => {
    await store(50_001);
    expect(await recover(env, later())).toMatchObject({ open: true });
    expect(await recover(env, later())).toMatchObject({ open: false });
    expect(await left()).toBe(0);
  });
});

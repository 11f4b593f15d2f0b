import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { enqueueOrders } from "../../../src/orders/intake/ingest";
import { assertRoom } from "../../../src/tasks/accepting/backpressure";
import { pauseQueue, resumeQueue } from "../../../src/tasks/commands/pause-queue";
import { call, expectProblem, masterKey } from "../../support/api";
import { CATALOGUE_URL, stubCatalogue } from "../../support/catalogue";
import { countingDatabase } from "../../support/counting";
import { deafQueue, deliver, storeOrders, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const BATCH = 100;
const orders = (count: number) => Array.from({ length: count }, () => anOrder());
const limited = (seconds: number | string, overrides = {}) =>
  testEnv({ MAX_BACKLOG_SECONDS: String(seconds), ...overrides });

beforeEach(async () => {
  await clearTasks();
  await masterKey();
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Tells whether a producer is refused now by an isolate that has not looked yet. */
async function isRefused(seconds: number, overrides = {}): Promise<boolean> {
  try {
    await assertRoom(limited(seconds, overrides), "orders");
    return false;
  } catch (error) {
    expect(error).toMatchObject({ status: 503, code: "overloaded" });
    return true;
  }
}

async function post(seconds: number | string): Promise<Response> {
  return call("/api/pedidos", {
    method: "POST",
    key: await masterKey(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(orders(3)),
    env: { MAX_BACKLOG_SECONDS: String(seconds), QUEUE_ORDERS: deafQueue },
  });
}

const demo = (seconds: number) =>
  call("/pedidos/iniciar", {
    env: { MAX_BACKLOG_SECONDS: String(seconds), QUEUE_ORDERS: deafQueue },
  });

async function tasks(): Promise<number> {
  return (await env.DB.prepare("SELECT count(*) AS n FROM tasks").first<number>("n")) ?? 0;
}

describe("while a batch of orders has waited for longer than the limit", () => {
  beforeEach(async () => {
    await storeOrders(env, orders(BATCH));
    pass(1000);
  });

  it.each([
    ["POST /api/pedidos", () => post(1)],
    ["the demo", () => demo(1)],
  ])("%s answers 503 with Retry-After, and accepts nothing", async (_name, ask) => {
    const response = await ask();
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    await expectProblem(response, 503, "overloaded");
    expect(await tasks()).toBe(BATCH);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM demo_sequence").first("n")).toBe(0);
  });

  it("0 accepts all the same", async () => {
    expect((await post(0)).status).toBe(202);
    expect((await demo(0)).status).toBe(200);
  });

  it("a higher limit accepts", async () => {
    expect((await post(2)).status).toBe(202);
  });

  it("other lanes accept", async () => {
    await expect(assertRoom(limited(1), "tasks")).resolves.toBeUndefined();
  });

  it("orders are accepted again once the backlog is worked off", async () => {
    const { results } = await env.DB.prepare("SELECT id FROM tasks").all<{ id: string }>();
    expect(await isRefused(1)).toBe(true);
    await deliver(
      results.map(({ id }) => id),
      env,
    );
    expect(await isRefused(1)).toBe(false);
  });
});

describe("orders sent again under their Idempotency-Key, while they and others wait for too long", () => {
  const body = JSON.stringify(orders(BATCH));
  const send = async (key: string, text = body) =>
    call("/api/pedidos", {
      method: "POST",
      key: await masterKey(),
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: text,
      env: { MAX_BACKLOG_SECONDS: "1", QUEUE_ORDERS: deafQueue },
    });

  it("get the answer they had, also two at once", async () => {
    const first = await (await send("cart-1")).json();
    pass(1000);
    await expectProblem(await send("cart-2"), 503, "overloaded");
    const again = await Promise.all([send("cart-1"), send("cart-1")]);
    for (const response of again) {
      expect(response.status).toBe(202);
      expect(response.headers.get("idempotency-replayed")).toBe("true");
      expect(await response.json()).toEqual(first);
    }
    expect(await tasks()).toBe(BATCH);
  });

  it("with another body are told that, not to come back later", async () => {
    await send("cart-3");
    pass(1000);
    const other = JSON.stringify(orders(1));
    await expectProblem(await send("cart-3", other), 422, "idempotency_key_reused");
    await expectProblem(await send("cart-4", other), 503, "overloaded");
    expect(await tasks()).toBe(BATCH);
  });

  it("are new ones once the key has expired", async () => {
    await send("cart-5");
    pass(24 * 3_600_000);
    await expectProblem(await send("cart-5"), 503, "overloaded");
  });
});

describe("no backlog is", () => {
  it("fewer than a batch, however old: one lost message closes no door", async () => {
    await storeOrders(env, orders(BATCH - 1));
    pass(3_600_000);
    expect(await isRefused(1)).toBe(false);
  });

  it("work that is put off: a catalogue that is down refuses no order", async () => {
    stubCatalogue(() => new Response("down", { status: 503 }));
    const tested = limited(1, { CATALOGUE_URL });
    const ids = await storeOrders(tested, orders(2 * BATCH));
    await deliver(ids.slice(0, BATCH), tested);
    await deliver(ids.slice(BATCH), tested);
    for (const ms of [1000, 9000, 60_000, 3_600_000]) {
      pass(ms); // Nothing is refused even when their wait is over and nobody has come for them.
      expect(await isRefused(1)).toBe(false);
    }
  });

  it("work that a pause held up, until it is late since its queue was resumed", async () => {
    await pauseQueue(env, { queue: "orders", since: Date.now(), by: "key:1", reason: "moving" });
    await storeOrders(env, orders(BATCH));
    pass(3_600_000);
    expect(await isRefused(1)).toBe(false);
    await resumeQueue(
      limited(1, { RECOVERY: { getByName: () => ({ lookNow: async () => {} }) } }),
      "orders",
    );
    pass(999);
    expect(await isRefused(1)).toBe(false);
    pass(1);
    expect(await isRefused(1)).toBe(true);
  });

  it("work accepted for later, until it is due", async () => {
    await storeOrders(env, orders(BATCH));
    await env.DB.prepare("UPDATE tasks SET ready_at = ?1, check_at = ?1")
      .bind(Date.now() + 60_000)
      .run();
    pass(60_000);
    expect(await isRefused(1)).toBe(false);
    pass(1000);
    expect(await isRefused(1)).toBe(true);
  });

  it("work that a consumer holds", async () => {
    const ids = await storeOrders(env, orders(BATCH));
    await env.DB.prepare(
      "INSERT INTO leases (token, queue, worker, since, expires_at, task_ids) VALUES ('t','orders','w',0,0,?)",
    )
      .bind(JSON.stringify(ids))
      .run();
    pass(60_000);
    expect(await isRefused(1)).toBe(false);
  });
});

describe("a look at the backlog", () => {
  it("sees an old one whether or not recovery sent it again meanwhile", async () => {
    await storeOrders(env, orders(BATCH));
    pass(601_000);
    expect(await isRefused(600)).toBe(true);
    await env.DB.prepare("UPDATE tasks SET sent_at = ?1, check_at = ?1 + 30000, resends = 1")
      .bind(Date.now())
      .run();
    pass(30_000);
    expect(await isRefused(600)).toBe(true);
  });

  it("is taken once a second by an isolate, over few rows of a deep backlog, and writes none", async () => {
    for (let request = 0; request < 5; request++) {
      await enqueueOrders({ ...env, QUEUE_ORDERS: deafQueue }, orders(1000), null);
    }
    pass(10_000);
    const { DB, counts } = countingDatabase();
    const tested = limited(1, { DB });
    const ask = () => assertRoom(tested, "orders").catch((error: unknown) => error);
    await Promise.all(Array.from({ length: 20 }, ask));
    pass(999);
    expect(await ask()).toMatchObject({ code: "overloaded" });
    expect(counts).toMatchObject({ calls: 1, rowsWritten: 0 });
    expect(counts.rowsRead).toBeLessThanOrEqual(1100);
    pass(1);
    await ask();
    expect(counts.calls).toBe(2);
    pass(-5000);
    await ask();
    expect(counts.calls).toBe(3);
  });

  it("that fails refuses nothing: the database will say so itself", async () => {
    await storeOrders(env, orders(BATCH));
    pass(1000);
    const DB = { prepare: () => ({ bind: () => ({ first: () => Promise.reject(new Error()) }) }) };
    expect(await isRefused(1, { DB })).toBe(false);
  });
});

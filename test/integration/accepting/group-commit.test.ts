/** Small requests that come at the same time share a transaction, and nothing else. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { enqueueSent } from "../../../src/orders/intake/ingest";
import { readOrderText } from "../../../src/orders/order/order-text";
import { accept, type Submission } from "../../../src/tasks/accepting/accept";
import { isRefused } from "../../../src/lib/result";
import { batchRange, newBatchId, taskId } from "../../../src/lib/ids";
import { IngestRequests, INGEST_SHARDS } from "../../../src/tasks/accepting/ingest-desk";
import { type ObjectRules, strictObjects } from "../../platform/objects";
import { strictD1 } from "../../platform/d1";
import { invoke } from "../../platform/invocation";
import { call, expectProblem, masterKey } from "../../support/api";
import { JSON_TYPE, post, send, untilFinal } from "../../support/api-orders";
import { countingDatabase, type Sent } from "../../support/counting";
import { deafQueue, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { grantedOf } from "../../support/result";
import { clearTasks } from "../../support/recount";

beforeEach(clearTasks);

/** Wraps a database so that it holds every batch back while its gate is closed. */
function gated(db: D1Database) {
  const gate = { isOpen: true, batches: 0, waiting: 0 };
  const DB = new Proxy(db, {
    get(target, name) {
      if (name !== "batch") {
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (statements: D1PreparedStatement[]) => {
        gate.batches += 1;
        gate.waiting += 1;
        while (!gate.isOpen) {
          // The wait goes by time, as a promise of another context would never come.
          await scheduler.wait(5);
        }
        gate.waiting -= 1;
        return target.batch(statements);
      };
    },
  });
  return { DB, gate };
}

/** Makes an environment with a desk of its own. */
function siteWith(DB: D1Database, overrides: Partial<Record<keyof Env, unknown>> = {}): Env {
  return testEnv({ DB, QUEUE_ORDERS: deafQueue, ...overrides });
}

const drop = () => undefined;

function sendOrders(tested: Env, orders: readonly unknown[], key?: string, body = "the body") {
  const texts = orders.map((order) => readOrderText(JSON.stringify(order)));
  const idempotency = key === undefined ? undefined : { key, identity: body };
  return enqueueSent(tested, texts, { user: "key:x", idempotency, behind: drop });
}

/** Runs `act` while one request's transaction is held back; what `act` sends waits for the next. */
async function whileWriting<T>(
  act: (tested: Env) => Promise<T>,
): Promise<{ result: T; sent: Sent[] }> {
  const { DB: counted, sent } = countingDatabase();
  const { DB, gate } = gated(counted);
  const tested = siteWith(DB);
  gate.isOpen = false;
  const first = sendOrders(tested, [anOrder()]);
  await expect.poll(() => gate.waiting).toBe(1);
  const result = act(tested);
  await scheduler.wait(20);
  expect(gate.batches).toBe(1);
  gate.isOpen = true;
  await first;
  await result;
  // One batch is the first request's, and one is for all that came meanwhile.
  expect(gate.batches).toBe(2);
  return { result: await result, sent };
}

async function rowsOf(lote: string): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT id FROM tasks WHERE id BETWEEN ? AND ? ORDER BY id",
  )
    .bind(...batchRange(lote))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

async function storedTimes(): Promise<unknown> {
  return env.DB.prepare(
    "SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT sum(created) FROM task_counts) AS counted",
  ).first();
}

describe("requests that come while another is written", () => {
  it("are one transaction, each with its own lote, ids and rows", async () => {
    const sizes = [1, 3, 1, 50, 2];
    const { result } = await whileWriting((tested) =>
      Promise.all(
        sizes.map((size) =>
          sendOrders(
            tested,
            Array.from({ length: size }, () => anOrder()),
          ),
        ),
      ),
    );
    const batches = result.map((answer) => {
      const accepted = grantedOf(answer);
      expect(accepted.replayed).toBe(false);
      return accepted;
    });
    expect(new Set(batches.map(({ batchId }) => batchId)).size).toBe(sizes.length);
    for (const [index, { batchId, taskIds }] of batches.entries()) {
      expect(taskIds).toEqual(
        Array.from({ length: sizes[index] ?? 0 }, (_, i) => taskId(batchId, i)),
      );
      expect(await rowsOf(batchId)).toEqual(taskIds);
    }
  });

  it("are counted in one row, and as many as they are", async () => {
    await whileWriting((tested) =>
      Promise.all(Array.from({ length: 20 }, () => sendOrders(tested, [anOrder()]))),
    );
    expect(await storedTimes()).toEqual({ tasks: 21, counted: 21 });
  });

  it("keep what fails at once, each its own", async () => {
    const bad = { id: "too big", cliente: "x".repeat(70_000), productos: [] };
    const { result } = await whileWriting((tested) =>
      Promise.all([sendOrders(tested, [anOrder()]), sendOrders(tested, [anOrder(), bad])]),
    );
    const states = await Promise.all(
      result.map(async (accepted) => {
        const { results } = await env.DB.prepare(
          "SELECT status, error_code FROM tasks WHERE id BETWEEN ? AND ? ORDER BY id",
        )
          .bind(...batchRange(grantedOf(accepted).batchId))
          .all();
        return results;
      }),
    );
    const pending = { status: "PENDING", error_code: null };
    expect(states).toEqual([
      [pending],
      [pending, { status: "FAILURE", error_code: "order_too_large" }],
    ]);
  });

  it("with one idempotency key are one batch and its replays, or conflicts", async () => {
    const [key, order] = [crypto.randomUUID(), anOrder()];
    const { result } = await whileWriting((tested) =>
      Promise.all([
        ...Array.from({ length: 5 }, () => sendOrders(tested, [order], key)),
        sendOrders(tested, [anOrder()], key, "another body"),
        sendOrders(tested, [anOrder()]),
      ]),
    );
    const answers = result.map((accepted) =>
      isRefused(accepted) ? accepted.why : accepted.replayed ? "replayed" : "new",
    );
    const replays = Array.from({ length: 4 }, () => "replayed");
    expect(answers).toEqual(["new", ...replays, "conflict", "new"]);
    expect(new Set(result.slice(0, 5).map((one) => grantedOf(one).batchId)).size).toBe(1);
    expect(await storedTimes()).toEqual({ tasks: 3, counted: 3 });
  });

  it("by the desk and by itself at once, with one idempotency key: one wins", async () => {
    const [key, order] = [crypto.randomUUID(), anOrder()];
    const tested = siteWith(env.DB);
    const alone = { ...tested, INGEST_DESK: undefined } as unknown as Env;
    const both = [tested, alone, tested, alone].map((site) => sendOrders(site, [order], key));
    const answers = await Promise.all(both);
    expect(new Set(answers.map((one) => grantedOf(one).batchId)).size).toBe(1);
    expect(answers.filter((one) => !grantedOf(one).replayed)).toHaveLength(1);
    expect(await storedTimes()).toEqual({ tasks: 1, counted: 1 });
  });
});

/** Makes a request as it reaches the object. */
function submission(rows: (id: string) => string): Submission {
  const now = Date.now();
  const lote = newBatchId(now);
  const id = taskId(lote, 0);
  const of = { name: "pedidos.procesar", module: "pedidos", queue: "orders" };
  const none = { user: null, key: null, bodyHash: null, timeoutMs: null, notify: null };
  const counts = { attempts: 3, delayMs: 0, sent: 1, tasks: 1, failed: 0 } as const;
  const head = { lote, now, ...of, ...none, template: null, replayOf: null, ...counts };
  return { head, chunks: [rows(id)], ids: [id] };
}

const good = () => submission((id) => JSON.stringify([[id, "one", anOrder()]]));

it("calls go on for ever: none is charged for the transactions of others", async () => {
  const answers: Promise<unknown>[] = [];
  const call = () => answers.push(invoke(() => desk.accept(good())));
  // The next request comes whenever one is written, so that the desk is never idle.
  const fault = () => void (answers.length < 600 && call());
  const desk = new IngestRequests(siteWith(strictD1(env.DB, { fault })), drop);
  call();
  await expect.poll(() => answers.length, { timeout: 25_000 }).toBe(600);
  for (const answer of await Promise.all(answers)) {
    expect(answer).toHaveProperty("lote");
  }
});

describe("what goes wrong", () => {
  it("with one request is that one's own: the others are stored", async () => {
    const { DB, gate } = gated(env.DB);
    const desk = new IngestRequests(siteWith(DB), drop);
    gate.isOpen = false;
    const first = desk.accept(good());
    const poison = submission((id) => `[["${id}","broken",{"id":]]`);
    const group = [...Array.from({ length: 9 }, good), poison, ...Array.from({ length: 9 }, good)];
    const answers = group.map((one) => desk.accept(one));
    gate.isOpen = true;
    await first;
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      const { lote, bodyHash } = group[index]?.head ?? {};
      expect(answer).toEqual(
        group[index] === poison
          ? { failed: expect.stringContaining("malformed JSON") as string, trouble: null }
          : { lote, bodyHash },
      );
    }
    expect(await storedTimes()).toEqual({ tasks: 19, counted: 19 });
    expect(gate.batches).toBeLessThan(15); // Requests are not written each by itself.
  });

  it("with D1 is told to all of them as its trouble, and nothing is stored", async () => {
    const DB = strictD1(env.DB, { fault: () => ({ error: "network lost" }) });
    const tested = siteWith(DB);
    const desk = new IngestRequests(tested, drop);
    const answers = await Promise.all([desk.accept(good()), desk.accept(good())]);
    const failed = {
      failed: expect.stringContaining("Network connection lost") as string,
      trouble: "passing",
    };
    expect(answers).toEqual([failed, failed]);
    await expect(sendOrders(tested, [anOrder()])).rejects.toThrow("Network connection lost");
    expect(await storedTimes()).toEqual({ tasks: 0, counted: null });
  });

  it("past what may wait is refused, with nothing accepted of it", async () => {
    const { DB, gate } = gated(env.DB);
    const desk = new IngestRequests(siteWith(DB), drop);
    gate.isOpen = false;
    const bulky = () => submission((id) => JSON.stringify([[id, "bulky", "x".repeat(90_000)]]));
    const answers = Array.from({ length: 60 }, () => desk.accept(bulky()));
    await scheduler.wait(10);
    gate.isOpen = true;
    const words = await Promise.all(answers);
    const busy = words.filter((word) => word === "busy").length;
    expect(busy).toBeGreaterThan(5);
    expect(busy).toBeLessThan(30);
    expect(await storedTimes()).toEqual({ tasks: 60 - busy, counted: 60 - busy });
    // The desk has room again.
    expect(await desk.accept(bulky())).toMatchObject({ bodyHash: null });
    const refusing = { getByName: () => ({ accept: async () => "busy" }) };
    const init = { env: { INGEST_DESK: refusing } };
    const response = await post(JSON.stringify(anOrder()), JSON_TYPE, init);
    await expectProblem(response, 503, "overloaded");
    expect(response.headers.get("retry-after")).toBe("5");
  });
});

describe("the object", () => {
  const desks = () =>
    Array.from({ length: INGEST_SHARDS }, (_, shard) =>
      env.INGEST_DESK.getByName(`ingest:${INGEST_SHARDS}:${shard}`),
    );
  const strict = (rules: ObjectRules) =>
    strictObjects(env.INGEST_DESK as unknown as DurableObjectNamespace<never>, rules);

  const giveObjects = async (DB: D1Database) => {
    for (const desk of desks()) {
      await runInDurableObject(desk, (object, state) => {
        const own = new IngestRequests({ ...env, DB }, (work) => state.waitUntil(work));
        Object.assign(object, { desk: own });
      });
    }
  };

  /** Puts a gate before the objects' database. */
  async function gateAll() {
    const { DB, gate } = gated(env.DB);
    await giveObjects(DB);
    return gate;
  }

  afterEach(() => giveObjects(env.DB));

  it("accepts small requests together, over HTTP", async () => {
    await masterKey();
    const gate = await gateAll();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => send(JSON.stringify(anOrder()))),
    );
    expect(new Set(answers.map(({ lote }) => lote)).size).toBe(60);
    expect(gate.batches).toBeGreaterThan(0);
    expect(gate.batches).toBeLessThan(60);
    for (const { lote } of answers) {
      await untilFinal(lote, 1);
    }
    console.log(`60 requests at once: ${gate.batches} transactions`);
  });

  it("is not asked to accept large ones", async () => {
    const asked: string[] = [];
    const INGEST_DESK = strict({ fault: (method) => void asked.push(method) });
    const orders = (count: number, note = "") =>
      JSON.stringify(Array.from({ length: count }, () => anOrder({ note })));
    const init = { env: { INGEST_DESK } };
    await send(orders(51), JSON_TYPE, init);
    await send(orders(2, "x".repeat(60_000)), JSON_TYPE, init);
    expect(asked).toEqual([]);
    await send(orders(50), JSON_TYPE, init);
    expect(asked).toEqual(["accept"]);
  });

  it.each([
    ["is killed while it writes", abortAllDurableObjects],
    [
      "is moved while it writes",
      async () => void (await Promise.all(desks().map((desk) => evictDurableObject(desk)))),
    ],
  ])("%s: requests are stored all the same, each once", async (_name, kill) => {
    await masterKey();
    const gate = await gateAll();
    gate.isOpen = false;
    const key = crypto.randomUUID();
    const order = JSON.stringify(anOrder());
    const requests = [
      ...Array.from({ length: 10 }, () => send(JSON.stringify(anOrder()))),
      ...Array.from({ length: 3 }, () =>
        send(order, JSON_TYPE, { headers: { "idempotency-key": key } }),
      ),
    ];
    await expect.poll(() => gate.waiting).toBeGreaterThan(0);
    const dying = kill();
    await scheduler.wait(20);
    gate.isOpen = true; // What the object had begun may take effect yet.
    await dying;
    const lotes = (await Promise.all(requests)).map(({ lote }) => lote);
    expect(new Set(lotes).size).toBe(11);
    expect(await storedTimes()).toEqual({ tasks: 11, counted: 11 });
    await Promise.all([...new Set(lotes)].map((lote) => untilFinal(lote, 1)));
  });

  it.each([
    ["version before", false],
    ["code updated", false],
    ["network lost", true],
    ["storage reset", true],
  ] as const)(
    "fails a call (%s, committed: %s): the request is stored once",
    async (error, committed) => {
      const INGEST_DESK = strict({ fault: () => ({ error, committed }) });
      const order = JSON.stringify(anOrder());
      const headers = { "idempotency-key": crypto.randomUUID(), "content-type": JSON_TYPE };
      const init = {
        method: "POST",
        headers,
        body: order,
        env: { INGEST_DESK },
        key: await masterKey(),
      };
      const response = await call("/api/pedidos", init);
      expect(response.status).toBe(202);
      expect(response.headers.get("idempotency-replayed")).toBeNull();
      const { lote } = await response.json<{ lote: string }>();
      expect(await storedTimes()).toEqual({ tasks: 1, counted: 1 });
      await untilFinal(lote, 1);
    },
  );

  it("has too much to do: its requests are not left to D1, but told to come again", async () => {
    const env = { INGEST_DESK: strict({ fault: () => ({ error: "overloaded" }) }) };
    const headers = { "idempotency-key": crypto.randomUUID() };
    const order = JSON.stringify(anOrder());
    const refused = await post(order, JSON_TYPE, { env, headers });
    await expectProblem(refused, 503, "overloaded");
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await storedTimes()).toMatchObject({ tasks: 0 });
    // What the desk accepted before has its answer all the same.
    const { lote } = await send(order, JSON_TYPE, { headers });
    const again = await post(order, JSON_TYPE, { env, headers });
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({ lote });
    await untilFinal(lote, 1);
  });

  it("is lacking: the request is stored by itself", async () => {
    const init = { env: { INGEST_DESK: undefined } };
    const response = await post(JSON.stringify(anOrder()), JSON_TYPE, init);
    expect(response.status).toBe(202);
    expect(await storedTimes()).toEqual({ tasks: 1, counted: 1 });
  });
});

it("a request may be stored twice, at once or again: it is there and counted once", async () => {
  const one = good();
  const tested = siteWith(env.DB);
  await Promise.all([accept(tested, [one], 0), accept(tested, [good(), one], 0)]);
  await accept(tested, [one, good()], 0);
  expect(await storedTimes()).toEqual({ tasks: 3, counted: 3 });
});

import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../../src/index";
import { readDashboard } from "../../../src/admin/dashboard/dashboard-data";
import { recover } from "../../../src/tasks/recovery/recover";
import { type D1Rules, strictD1 } from "../../platform/d1";
import { adminSession, call, type CallInit, expectProblem, masterKey } from "../../support/api";
import {
  deafQueue,
  deliver,
  orderEngine,
  storeOrders,
  taskOf,
  testEnv,
} from "../../support/engine";
import { anOrder } from "../../support/orders";
import { READS } from "../../support/read-routes";
import { clearTasks, recount } from "../../support/recount";

/**
 * This queue takes nothing, and says so: tasks wait until the test delivers their messages itself.
 */
const QUEUE_ORDERS = { ...deafQueue, metrics: async () => ({ backlogCount: 0, backlogBytes: 0 }) };
const orders = (count: number) => Array.from({ length: count }, () => anOrder());

/** The rules of the real database let it take no further row until `rules.maxBytes` is raised. */
const rules: D1Rules = {};
const fullEnv = () => testEnv({ DB: strictD1(env.DB, rules), QUEUE_ORDERS });
const fill = () => {
  rules.maxBytes = 0;
};
const makeRoom = () => {
  delete rules.maxBytes;
};

async function size(): Promise<number> {
  return (await env.DB.prepare("SELECT 1").all()).meta.size_after;
}

/** Makes an environment whose limit lets the database be this full. */
async function filledTo(share: number): Promise<Env> {
  return testEnv({ DATABASE_MAX_GB: ((await size()) / share / 1e9).toFixed(6), QUEUE_ORDERS });
}

async function rows(table = "tasks"): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")) ?? 0;
}

async function send(path: string, body: unknown, init: CallInit = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = new Headers({ "content-type": "application/json" });
  new Headers(init.headers).forEach((value, name) => headers.set(name, value));
  const as = init.cookie === undefined ? { key: await masterKey() } : {};
  return call(path, { method: "POST", body: text, ...as, ...init, headers });
}

beforeEach(async () => {
  makeRoom();
  await clearTasks();
  await masterKey();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("how full the database is", () => {
  it.each([
    [0.79, undefined, true],
    [0.801, "storageFilling", true],
    [0.94, "storageFilling", true],
    [0.955, "storageShort", true],
    [0.985, "storageFull", false],
    [1, "storageFull", false],
    [1.5, "storageFull", false],
  ])(
    "at %d is said by the dashboard as %s, over the API and in metrics",
    async (share, kind, takes) => {
      const tested = await filledTo(share);
      const { findings } = await readDashboard(tested, orderEngine, "hour");
      const [said] = findings.filter((finding) => finding.kind.startsWith("storage"));
      expect(said?.kind).toBe(kind);

      const key = await masterKey();
      const info = await call("/api/tasks/flower-info/", { key, env: tested });
      const { database } = await info.json<{ database: Record<string, number | boolean> }>();
      expect(database["bytes"]).toBe(await size());
      expect(Number(database["share"]) / share).toBeCloseTo(1, 2); // A limit has six decimals.
      expect(database["takes_work"]).toBe(takes);

      const metrics = await (await call("/metrics", { key, env: tested })).text();
      expect(metrics).toContain(`pedidos_database_bytes ${database["bytes"]}`);
      expect(metrics).toContain(`pedidos_database_limit_bytes ${database["limit_bytes"]}`);
    },
  );

  it("is said in the reader's language, with what to do", async () => {
    const cookie = await adminSession();
    const text = async (share: number, lang: string) =>
      (await call(`/admin?lang=${lang}`, { cookie, env: await filledTo(share) })).text();
    expect(await text(0.85, "en")).toContain("The database is filling up: 8");
    expect(await text(0.96, "en")).toContain("The database is nearly full: 9");
    expect(await text(0.99, "en")).toContain("no new orders or tasks are accepted");
    expect(await text(0.99, "es")).toContain("no se aceptan pedidos ni tareas nuevas");
  });
});

describe("a database with no room for new work", () => {
  it.each([
    ["one order", () => ["/api/pedidos", anOrder()]],
    ["many", () => ["/api/pedidos", orders(100)]],
    [
      "NDJSON",
      () => [
        "/api/pedidos",
        orders(3)
          .map((order) => JSON.stringify(order))
          .join("\n"),
      ],
    ],
    ["a task", () => ["/api/tasks/run/", { task_name: "pedidos.procesar", input: anOrder() }]],
    [
      "tracked work",
      () => ["/api/tasks/executions/", { task_id: "t-1", task_name: "a", task_module: "b" }],
    ],
  ] as const)("refuses %s with 507, and accepts nothing of it", async (what, request) => {
    const [path, body] = request() as [string, unknown];
    const type = what === "NDJSON" ? "application/x-ndjson" : "application/json";
    const headers = { "content-type": type };
    const before = await rows();
    const tested = { env: await filledTo(0.99), headers };
    const { detail } = await expectProblem(await send(path, body, tested), 507, "storage_full");
    expect(detail).toContain("Nothing of this request was accepted");
    expect(await rows()).toBe(before);
    const open = { env: await filledTo(0.97), headers };
    expect((await send(path, body, open)).status).toBeLessThan(300);
  });

  it("refuses the demo, and says so on a page", async () => {
    const demo = async (headers: Record<string, string>) =>
      call("/pedidos/iniciar?lang=en", { headers, env: await filledTo(0.99) });
    await expectProblem(await demo({ accept: "application/json" }), 507, "storage_full");
    const page = await demo({ accept: "text/html", "sec-fetch-site": "same-origin" });
    expect(page.status).toBe(507);
    expect(await page.text()).toContain("No room is left");
    expect(await rows("demo_sequence")).toBe(0);
  });

  it("still answers what was accepted before under its Idempotency-Key", async () => {
    const body = orders(2);
    const headers = { "idempotency-key": "cart-1" };
    const first = await (await send("/api/pedidos", body, { headers, env: fullEnv() })).json();
    const again = await send("/api/pedidos", body, { headers, env: await filledTo(0.99) });
    expect(again.status).toBe(202);
    expect(await again.json()).toEqual(first);
    expect(await rows()).toBe(2);
  });

  it("has room left for the end of what was accepted", async () => {
    const ids = await storeOrders(env, orders(10));
    await deliver(ids, await filledTo(0.99));
    expect(new Set((await Promise.all(ids.map(taskOf))).map(({ status }) => status))).toEqual(
      new Set(["SUCCESS"]),
    );
  });
});

describe("a database that takes no row more", () => {
  let said: string[] = [];
  beforeEach(() => {
    said = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
  });

  it("answers 507 to every write, and none of them has an effect", async () => {
    const cookie = await adminSession();
    const [id = ""] = await storeOrders(env, orders(1));
    const tables = ["tasks", "api_keys", "task_templates", "users", "paused_queues", "audit_log"];
    const count = async () => Promise.all(tables.map(rows));
    const before = await count();
    fill();
    const origin = { origin: "https://pedidos.example" };
    const template = { name: "t", task_name: "pedidos.procesar", default_parameters: {} };
    const person = { email: "a@b.example", password: "a-long-password-1", name: "A" };
    const signIn = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    const asked: [string, unknown, CallInit?][] = [
      ["/api/pedidos", anOrder()],
      ["/api/pedidos", orders(50), { headers: { "idempotency-key": "new" } }],
      ["/api/tasks/run/", { task_name: "pedidos.procesar", input: anOrder() }],
      ["/api/tasks/executions/", { task_id: "t", task_name: "a", task_module: "b" }],
      [`/api/tasks/cancel/${id}/`, {}],
      ["/api/tasks/bulk/", { action: "cancel", filter: {} }],
      ["/api/tasks/queues/orders/pause/", { reason: "moving" }],
      ["/api/tasks/templates/", template],
      ["/api/exports/", { formato: "csv" }],
      ["/api/keys/", { name: "k", scopes: ["tasks:read"] }, { cookie, headers: origin }],
      ["/api/auth/admin/create-user", person, { cookie, headers: origin }],
      ["/api/auth/sign-in/email", signIn, { cookie: "none=1", headers: origin }],
    ];
    for (const [path, body, init] of asked) {
      const response = await send(path, body, { ...init, env: fullEnv() });
      await expectProblem(response, 507, "storage_full");
    }
    expect(await count()).toEqual(before);
  });

  it("shows a page for a form that cannot be saved", async () => {
    const cookie = await adminSession();
    fill();
    const response = await call("/admin/queues/orders/pauses?lang=en", {
      method: "POST",
      cookie,
      headers: {
        accept: "text/html",
        origin: "https://pedidos.example",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "reason=moving",
      env: fullEnv(),
    });
    expect(response.status).toBe(507);
    expect(await response.text()).toContain("No room is left");
  });

  it("reads on, also for whoever's session would be prolonged", async () => {
    const cookie = await adminSession();
    const [task = ""] = await storeOrders(env, orders(1));
    await deliver([task], env);
    const order = await env.DB.prepare("SELECT id FROM orders WHERE task_id = ?")
      .bind(task)
      .first<string>("id");
    await env.DB.prepare("UPDATE sessions SET expires_at = ?1, updated_at = ?2")
      .bind(Date.now() + 3_600_000, Date.now() - 6.9 * 86_400_000)
      .run();
    fill();
    const person = String(await env.DB.prepare("SELECT id FROM users").first("id"));
    const world = {
      task,
      lote: task.slice(0, -4),
      order: String(order),
      person,
      other: person,
      from: "2026-01-01",
      to: "2026-12-31",
      cursors: { tasks: "", orders: "", notifications: "", audit: "" },
    };
    for (const paths of Object.values(READS)) {
      for (const path of paths(world).filter((one) => !/cursor=|iniciar/.test(one))) {
        const { status } = await call(path, { cookie, env: fullEnv() });
        expect(status, path).toBeLessThan(path.startsWith("/api/auth") ? 300 : 500);
      }
    }
  });

  it("replays what it accepted before, and does not try in vain again", async () => {
    const body = orders(2);
    const headers = { "idempotency-key": "cart-2" };
    const first = await (await send("/api/pedidos", body, { headers, env: fullEnv() })).json();
    fill();
    const again = await send("/api/pedidos", body, { headers, env: fullEnv() });
    expect(again.status).toBe(202);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    const other = await send("/api/pedidos", orders(1), { headers, env: fullEnv() });
    await expectProblem(other, 422, "idempotency_key_reused");
  });

  it("costs no accepted order an attempt, and lets all go on once there is room", async () => {
    const ids = await storeOrders(env, orders(20));
    const tested = fullEnv();
    rules.fault = ({ sql }) => {
      if (sql.includes("INSERT INTO orders")) {
        fill(); // After its claim, the batch has run and cannot be stored.
      }
      return null;
    };
    for (let delivery = 1; delivery <= 5; delivery++) {
      const { acked, retried } = await deliver(ids, tested, orderEngine, delivery);
      expect(acked).toEqual([]);
      expect(retried.toSorted()).toEqual(ids);
      expect(await rows("leases")).toBe(0);
    }
    for (const id of ids) {
      expect(await taskOf(id)).toMatchObject({ status: "PENDING", attempts: 0 });
    }
    delete rules.fault;
    makeRoom();
    await deliver(ids, tested);
    for (const id of ids) {
      expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
    }
  });

  it("keeps messages of the dead-letter queue for later", async () => {
    const [id = ""] = await storeOrders(env, orders(1));
    fill();
    const bodies = [{ v: 1, task_id: id }, "never ours"];
    const batch = createMessageBatch(
      "pedidos-dead-letters",
      bodies.map((body, i) => ({ id: `${i}`, timestamp: new Date(), attempts: 1, body })),
    );
    const ctx = createExecutionContext();
    await worker.queue(batch, fullEnv());
    const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
    expect(explicitAcks).toEqual([]);
    expect(retryMessages).toHaveLength(2);
    expect((await taskOf(id)).status).toBe("PENDING");
  });

  it("is made room in by recovery and the cron, which delete what has expired", async () => {
    const insert = env.DB.prepare(
      "INSERT INTO idempotency_keys (key, body_hash, lote, expires_at) VALUES (?, '', '', 1)",
    );
    await env.DB.batch(["a", "b"].map((key) => insert.bind(key)));
    await env.DB.prepare(
      "INSERT INTO sign_in_attempts (address, window_start, attempts) VALUES ('1.1.1.1', 1, 1)",
    ).run();
    fill();
    await recover(fullEnv(), Date.now()).catch(() => undefined);
    expect(await rows("idempotency_keys WHERE expires_at = 1")).toBe(0);
    await insert.bind("c").run();
    await worker.scheduled({ scheduledTime: Date.now(), cron: "", noRetry() {} }, fullEnv());
    expect(await rows("idempotency_keys WHERE expires_at = 1")).toBe(0);
    expect(await rows("sign_in_attempts WHERE window_start = 1")).toBe(0);
  });

  it("lets an administrator delete an order, whose trace fills pages of its own", async () => {
    const ids = await storeOrders(env, orders(1));
    await deliver(ids, env);
    await worker.scheduled({ scheduledTime: Date.now(), cron: "", noRetry() {} }, env);
    const id = await env.DB.prepare("SELECT id FROM orders WHERE task_id = ?")
      .bind(ids[0])
      .first<string>("id");
    rules.maxBytes = (await env.DB.prepare("SELECT 1").all()).meta.size_after;
    const response = await call(`/api/pedidos/${id}`, {
      method: "DELETE",
      cookie: await adminSession(),
      headers: { "content-type": "application/json", origin: "https://pedidos.example" },
      body: JSON.stringify({ reason: "asked for by the customer" }),
      env: fullEnv(),
    });
    expect(response.status).toBe(204);
    expect(await rows(`orders WHERE id = '${id}'`)).toBe(0);
    expect(await rows(`deleted_orders WHERE id = '${id}'`)).toBe(1);
    expect(await rows("audit_log WHERE action = 'order.delete'")).toBe(1);
  });

  it("goes on once old tasks are deleted by hand, and still takes no order twice", async () => {
    const sent = orders(100);
    const ids = await storeOrders(env, sent);
    await deliver(ids, env);
    const [waiting = ""] = await storeOrders(env, orders(1));
    rules.maxBytes = await size();
    await expectProblem(await send("/api/pedidos", sent, { env: fullEnv() }), 507, "storage_full");

    await env.DB.prepare("DELETE FROM tasks WHERE status = 'SUCCESS'").run();
    await deliver([waiting], fullEnv());
    expect((await taskOf(waiting)).status).toBe("SUCCESS");

    const again = await send("/api/pedidos", sent, { env: fullEnv() });
    const { tareas } = await again.json<{ tareas: { task_id: string }[] }>();
    await deliver(
      tareas.map(({ task_id }) => task_id),
      fullEnv(),
    );
    expect(await rows("tasks WHERE error_code = 'duplicate_order'")).toBe(100);
    await recount();
  });

  it("is logged once a minute, however many batches find it so", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const ids = await storeOrders(env, orders(1));
    fill();
    for (let delivery = 1; delivery <= 20; delivery++) {
      await deliver(ids, fullEnv());
      await recover(fullEnv(), Date.now()).catch(() => undefined);
    }
    expect(said.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      "database.full",
    ]);
    vi.setSystemTime(Date.now() + 60_000);
    await deliver(ids, fullEnv());
    expect(said).toHaveLength(2);
  });
});

describe("a registry that is full", () => {
  const claim = (orderId: string, taskId: string) => ({ orderId, taskId });

  it("goes on advising by what it knows, and fails no call", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const registry = env.ORDER_REGISTRY.getByName("full");
    await registry.settleMany({ done: [claim("1", "a")], released: [] });
    await registry.claimMany([claim("2", "b")], 0, 1000);
    await runInDurableObject(registry, (object, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      sql.exec = ((text: string, ...values: unknown[]) => {
        if (/INSERT/.test(text)) {
          throw new Error("database or disk is full: SQLITE_FULL");
        }
        return exec(text, ...values);
      }) as typeof sql.exec;
      const claims = [claim("1", "c"), claim("2", "c"), claim("3", "c")];
      const states = object.claimMany(claims, 0, 1000).map(({ state }) => state);
      expect(states).toEqual(["done", "held", "mine"]);
      object.settleMany({ done: [claim("3", "c")], released: [claim("2", "b")] });
      expect(object.claimMany([claim("2", "c")], 0, 1000)).toEqual([{ state: "mine" }]);
    });
  });

  it("is told of by the overview: the bytes of its fullest object", async () => {
    const info = await call("/api/tasks/flower-info/", { key: await masterKey(), env: testEnv() });
    const { system } = await info.json<{ system: Record<string, unknown> }>();
    expect(system["registry"]).toEqual({ bytes: expect.any(Number), limit_bytes: 10e9 });
  });
});

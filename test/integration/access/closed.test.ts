import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/app";
import worker from "../../../src/index";
import { processOrder } from "../../../src/orders/pipeline/task";
import { Engine } from "../../../src/tasks/model/engine";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectBadParameter,
  expectProblem,
  masterKey,
} from "../../support/api";
import { JSON_TYPE } from "../../support/api-orders";
import { anOrder } from "../../support/orders";

/** These routes below /api are open to all; every other one is closed. */
const OPEN = [/^\/api\/auth(\/|$)/, /^\/api\/openapi\.json$/, /^\/api\/docs(\/|$)/];

/** These are the other routes below /api, with something in place of their parameters. */
const routes = [
  ...new Set(
    createApp(new Engine([processOrder]))
      .routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/"))
      .filter(({ path }) => !OPEN.some((open) => open.test(path)))
      .map(
        ({ method, path }) =>
          `${method} ${path.replaceAll(/:\w+(\{[^}]*\})?\??/g, "1").replaceAll("*", "x")}`,
      ),
  ),
].map((route) => route.split(" ", 2) as [method: string, path: string]);

const unknown: [method: string, path: string][] = [
  ["GET", "/api"],
  ["GET", "/api/"],
  ["GET", "/api/nothing"],
  ["GET", "/api/nothing/here/"],
  ["POST", "/api/nothing"],
  ["PUT", "/api/pedidos"],
  ["PATCH", "/api/pedidos/1/2"],
  ["DELETE", "/api/tasks"],
  ["GET", "/api/tasks/nothing/"],
  ["GET", "/api/%2e%2e/api/nothing"],
  ["GET", "/api/authx"],
];

const body = (method: string): CallInit =>
  method === "POST" || method === "PUT" || method === "PATCH"
    ? { method, headers: { "content-type": JSON_TYPE }, body: JSON.stringify(anOrder()) }
    : { method };

it("the walk sees the routes there are", () => {
  const seen = routes.map(([method, path]) => `${method} ${path.replace(/\/$/, "")}`);
  expect(seen).toEqual(
    expect.arrayContaining([
      "POST /api/pedidos",
      "GET /api/pedidos",
      "GET /api/pedidos/1",
      "GET /api/tasks/executions",
      "GET /api/tasks/executions/1",
      "POST /api/keys",
      "GET /api/keys",
      "DELETE /api/keys/1",
    ]),
  );
});

describe.each([...routes, ...unknown])("%s %s", (method, path) => {
  it("asks the unknown for credentials", async () => {
    for (const each of [path, path.endsWith("/") ? path.slice(0, -1) : `${path}/`]) {
      const response = await call(each, body(method));
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      await expectProblem(response, 401, "unauthorized");
    }
  });

  it.each(["pek_wrong", `pek_${"0".repeat(16)}_${"0".repeat(64)}`, ""])(
    "refuses the key %j",
    async (key) => {
      const response = await call(path, { ...body(method), key });
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      await expectProblem(response, 401, "invalid_key");
    },
  );

  it("refuses what is no session", async () => {
    const cookie = "__Secure-better-auth.session_token=x.y; better-auth.session_token=x.y";
    await expectProblem(await call(path, { ...body(method), cookie }), 401, "unauthorized");
  });

  it("says no more to HEAD", async () => {
    if (method === "GET") {
      expect((await call(path, { method: "HEAD" })).status).toBe(401);
    }
  });
});

it.each(unknown)("%s %s is not found by whoever may enter", async (method, path) => {
  await expectProblem(
    await call(path, { ...body(method), key: await masterKey() }),
    404,
    "not_found",
  );
  const cookie = await adminSession();
  await expectProblem(await call(path, { ...body(method), cookie }), 404, "not_found");
});

it.each(["/nothing", "/pedidos/nothing", "/API/pedidos", "/%00", "/x".repeat(2000)])(
  "%s is not found by anyone",
  async (path) => {
    await expectProblem(await call(path), 404, "not_found");
  },
);

describe("scopes", () => {
  it.each<[string, string, string]>([
    ["POST", "/api/pedidos", "orders:write"],
    ["GET", "/api/pedidos", "orders:read"],
    ["GET", "/api/pedidos/1", "orders:read"],
    ["GET", "/api/tasks/executions/", "tasks:read"],
    ["GET", "/api/tasks/executions/1/", "tasks:read"],
  ])("%s %s needs %s", async (method, path, scope) => {
    const others = [
      "orders:read",
      "orders:write",
      "tasks:read",
      "tasks:write",
      "tasks:track",
      "metrics:read",
    ] as const;
    const without = await apiKey(others.filter((other) => other !== scope));
    const refused = await call(path, { ...body(method), key: without });
    const problem = await expectProblem(refused, 403, "forbidden");
    expect(problem["scope"]).toBe(scope);
    expect(problem.detail).toContain(scope);
    const only = await apiKey(others.filter((other) => other === scope));
    const allowed = await call(path, { ...body(method), key: only });
    expect([200, 202, 404]).toContain(allowed.status);
    expect(await allowed.text()).not.toMatch(/"code":"(not_found|forbidden)"/);
  });

  it("are checked before what is sent", async () => {
    const key = await apiKey(["orders:read"]);
    const response = await call("/api/pedidos", { method: "POST", key, body: "{" });
    await expectProblem(response, 403, "forbidden");
  });
});

describe("POST /api/keys/", () => {
  const make = async (content: unknown, init: CallInit = {}): Promise<Response> =>
    call("/api/keys/", {
      method: "POST",
      headers: { "content-type": JSON_TYPE },
      body: JSON.stringify(content),
      ...init,
    });

  it.each(["/api/keys", "/api/keys/"])("%s makes a key that works", async (path) => {
    const response = await call(path, {
      method: "POST",
      cookie: await adminSession(),
      headers: { "content-type": JSON_TYPE },
      body: JSON.stringify({ name: "lector", scopes: ["orders:read"], expires_in_days: 1 }),
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const made = await response.json<{ id: string; key: string; expires_at: string }>();
    expect(made).toMatchObject({ name: "lector", scopes: ["orders:read"] });
    expect(made.key).toContain(made.id);
    expect(Date.parse(made.expires_at)).toBeGreaterThan(Date.now());
    expect((await call("/api/pedidos", { key: made.key })).status).toBe(200);
    await expectProblem(await call("/api/tasks/executions", { key: made.key }), 403, "forbidden");
  });

  it.each<[string, unknown]>([
    ["name", { scopes: ["orders:read"] }],
    ["scopes", { name: "x" }],
    ["scopes", { name: "x", scopes: [] }],
    ["scopes.0", { name: "x", scopes: ["root"] }],
    ["expires_in_days", { name: "x", scopes: ["orders:read"], expires_in_days: 0 }],
  ])("refuses a wrong %s", async (parameter, content) => {
    await expectBadParameter(await make(content, { cookie: await adminSession() }), parameter);
  });

  it("refuses to a key, whatever its scopes", async () => {
    const wanted = { name: "x", scopes: ["orders:read"] };
    await expectProblem(await make(wanted, { key: await masterKey() }), 403, "forbidden");
  });

  it("refuses a page of another site", async () => {
    const response = await make(
      { name: "x", scopes: ["orders:read"] },
      {
        cookie: await adminSession(),
        headers: { "content-type": JSON_TYPE, origin: "https://evil.example" },
      },
    );
    await expectProblem(response, 403, "cross_site");
  });
});

describe("a bad configuration", () => {
  it.each<[string, string | undefined]>([
    ["DISCOUNT_RATE", "2"],
    ["DISCOUNT_THRESHOLD", "five hundred"],
    ["CATALOGUE_URL", "ftp://catalogue"],
    ["CATALOGUE_URL", ""],
    ["LOCATION", "europe"],
    ["CATALOGUE_TIMEOUT_MS", "0"],
    ["CURRENCY", "usd"],
    ["LEASE_SECONDS", ""],
    ["ORDER_MAX_ATTEMPTS", undefined],
    ["DEMO_ENABLED", "yes"],
    ["LOG_LEVEL", "loud"],
  ])("%s=%s is 503 and names it, everywhere", async (name, value) => {
    const key = await masterKey();
    for (const path of ["/pedidos/iniciar", "/api/pedidos", "/api/auth/get-session", "/nothing"]) {
      const response = await call(path, { key, env: { [name]: value } });
      const problem = await expectProblem(response, 503, "invalid_configuration");
      expect(problem.detail).toContain(name);
    }
  });

  it("such as no catalogue keeps every message for later, for longer each time", async () => {
    const deliveries = [1, 2, 30, 100];
    const messages = deliveries.map((attempts) => ({
      id: `message-${attempts}`,
      timestamp: new Date(),
      attempts,
      body: { v: 1, task_id: "of an order" },
    }));
    for (const queue of ["pedidos-orders", "pedidos-tasks", "pedidos-dead-letters"]) {
      const batch = createMessageBatch(queue, messages);
      const retries = batch.messages.map((message) => vi.spyOn(message, "retry"));
      await worker.queue(batch, { ...env, CATALOGUE_URL: "" });
      const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
      expect(explicitAcks).toEqual([]);
      expect(retryMessages.length).toBe(deliveries.length);
      const waits = retries.map(({ mock }) => mock.calls[0]?.[0]?.delaySeconds ?? 0);
      const least = [60, 120, 3600, 3600];
      expect(waits.map((wait, n) => wait >= (least[n] ?? 0) && wait <= 3600)).not.toContain(false);
    }
  });

  it("does not stop /healthz", async () => {
    const response = await call("/healthz", { env: { DISCOUNT_RATE: "2" } });
    expect(response.status).toBe(200);
  });
});

it.each([
  "/admin/",
  "/api/pedidos",
  "/pedidos/lotes/x?k=y",
  "/exports/x?k=y",
  "/sign-in",
  "/nothing",
])("search engines are kept off %s", async (path) => {
  expect((await call(path)).headers.get("x-robots-tag")).toBe("noindex, nofollow");
  expect((await call("/")).headers.get("x-robots-tag")).toBeNull();
});

// This comes last, as this file's database lacks tables from here on.
describe("a missing migration is 503 missing_migration", () => {
  it("for a column", async () => {
    const key = await masterKey();
    await env.DB.prepare("ALTER TABLE orders DROP COLUMN currency").run();
    await env.DB.prepare("DROP INDEX orders_processed").run();
    await env.DB.prepare("DROP INDEX orders_customer").run();
    await env.DB.prepare("ALTER TABLE orders DROP COLUMN processed_at").run();
    await expectProblem(await call("/api/pedidos", { key }), 503, "missing_migration");
  });

  it.each<[string, string, CallInit]>([
    ["orders", "/api/pedidos", {}],
    ["demo_sequence", "/pedidos/iniciar", {}],
    [
      "idempotency_keys",
      "/api/pedidos",
      { ...body("POST"), headers: { "content-type": JSON_TYPE, "idempotency-key": "k" } },
    ],
    ["leases", "/api/tasks/executions/", {}],
    ["leases", "/api/tasks/executions/1/", {}],
    ["tasks", "/api/pedidos", body("POST")],
  ])("for the table %s at %s", async (table, path, init) => {
    const key = await masterKey();
    await env.DB.prepare(`DROP TABLE IF EXISTS ${table}`).run();
    const problem = await expectProblem(
      await call(path, { ...init, key }),
      503,
      "missing_migration",
    );
    expect(problem.detail).not.toContain(table);
  });

  it("for the tables of keys and people", async () => {
    const cookie = await adminSession();
    await env.DB.prepare("DROP TABLE api_keys").run();
    const fresh = `pek_${"1".repeat(16)}_${"0".repeat(64)}`; // The other key is known to be wrong.
    await expectProblem(await call("/api/pedidos", { key: fresh }), 503, "missing_migration");
    await expectProblem(await call("/api/keys/", { cookie }), 503, "missing_migration");
  });

  it("for the table of people, known to have held some", async () => {
    const cookie = await adminSession();
    await env.DB.prepare("DROP TABLE sessions").run();
    await env.DB.prepare("DROP TABLE accounts").run();
    await env.DB.prepare("DROP TABLE users").run();
    const made = await call("/api/keys/", { ...body("POST"), cookie });
    await expectProblem(made, 503, "missing_migration");
  });

  it("for the table of people at a sign-in", async () => {
    const signIn = await call("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": JSON_TYPE },
      body: JSON.stringify({ email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD }),
    });
    await expectProblem(signIn, 503, "missing_migration");
  });
});

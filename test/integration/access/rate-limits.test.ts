import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { WINDOW_SECONDS } from "../../../src/http/rate-limit";
import { apiKey, call, type CallInit, expectProblem } from "../../support/api";
import { JSON_TYPE, storedRows } from "../../support/api-orders";
import { anOrder } from "../../support/orders";
import { auth } from "../../support/people";

let addresses = 0;
function newAddress(): Record<string, string> {
  return { "cf-connecting-ip": `198.51.100.${++addresses}` };
}

type Name = keyof typeof WINDOW_SECONDS;

/** Calls the platform's own limiter until it refuses the key. */
async function exhaust(limiter: Name, key: string): Promise<void> {
  await untilWindowBegins(limiter);
  for (let calls = 0; (await env[limiter].limit({ key })).success; calls += 1) {
    expect(calls, "a limit that is none").toBeLessThan(100);
  }
}

const TEST_MS = 10_000;

/**
 * Waits for a new window if the current one would end within the test. Windows keep to the clock,
 * and a new one forgets what was counted.
 */
async function untilWindowBegins(limiter: Name): Promise<void> {
  const window = WINDOW_SECONDS[limiter] * 1000;
  const left = window - (Date.now() % window);
  if (left < TEST_MS) {
    await new Promise((resolve) => setTimeout(resolve, left + 50));
  }
}

async function expectLimited(response: Response, limiter: Name) {
  const seconds = WINDOW_SECONDS[limiter];
  expect(response.headers.get("retry-after")).toBe(String(seconds));
  const { detail } = await expectProblem(response, 429, "rate_limited");
  expect(detail).toContain(String(seconds));
}

describe("demo batches", () => {
  const start = (headers: Record<string, string>, init: CallInit = {}) =>
    call("/pedidos/iniciar?n=1", { ...init, headers });

  it("are limited by address, and a refused one starts nothing", async () => {
    const headers = newAddress();
    expect((await start(headers)).status).toBe(200);
    await exhaust("DEMO_LIMIT", headers["cf-connecting-ip"] ?? "");
    const before = await storedRows();
    await expectLimited(await start(headers), "DEMO_LIMIT");
    expect(await storedRows()).toEqual(before);
    expect((await start(newAddress())).status).toBe(200);
  });

  it("are counted by the /64 of an IPv6 address", async () => {
    await exhaust("DEMO_LIMIT", "2001:db8:0:7::/64");
    const neighbour = { "cf-connecting-ip": "2001:DB8::7:a:0:0:1" };
    await expectLimited(await start(neighbour), "DEMO_LIMIT");
    expect((await start({ "cf-connecting-ip": "2001:db8:0:8::1" })).status).toBe(200);
  });

  it("go on while the limiter fails", async () => {
    const broken = { limit: () => Promise.reject(new Error("no limiter")) };
    expect((await start(newAddress(), { env: { DEMO_LIMIT: broken } })).status).toBe(200);
    expect((await start(newAddress(), { env: { DEMO_LIMIT: undefined } })).status).toBe(200);
  });
});

describe("passwords", () => {
  it("are limited by address before any is looked at", async () => {
    const headers = newAddress();
    await exhaust("SIGN_IN_LIMIT", headers["cf-connecting-ip"] ?? "");
    const right = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    await expectLimited(await auth("/sign-in/email", right, { headers }), "SIGN_IN_LIMIT");
    expect((await auth("/sign-in/email", right, { headers: newAddress() })).status).toBe(200);
    const form = { ...headers, "content-type": "application/x-www-form-urlencoded" };
    const page = await call("/sign-in", {
      method: "POST",
      headers: form,
      body: new URLSearchParams(right),
    });
    expect(page.status).toBe(429);
    expect(page.headers.get("retry-after")).toBe("60");
    expect(page.headers.getSetCookie()).toEqual([]);
  });
});

describe("API keys that do not work", () => {
  const wrong = () =>
    `pek_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}_${"0".repeat(64)}`;

  it("are limited by address; one that works still does", async () => {
    const headers = newAddress();
    const key = await apiKey(["orders:read"]);
    await expectProblem(await call("/api/pedidos", { key: wrong(), headers }), 401, "invalid_key");
    await exhaust("KEY_FAILURE_LIMIT", headers["cf-connecting-ip"] ?? "");
    await expectLimited(await call("/api/pedidos", { key: wrong(), headers }), "KEY_FAILURE_LIMIT");
    await expectLimited(await call("/api/pedidos", { key: "x", headers }), "KEY_FAILURE_LIMIT");
    expect((await call("/api/pedidos", { key, headers })).status).toBe(200);
  });

  it("cost one look at the database, however often they are shown", async () => {
    let reads = 0;
    const prepare = env.DB.prepare.bind(env.DB);
    const DB = new Proxy(env.DB, {
      get(database, name) {
        reads += name === "prepare" ? 1 : 0;
        const value: unknown = Reflect.get(database, name);
        return name === "prepare"
          ? prepare
          : typeof value === "function"
            ? value.bind(database)
            : value;
      },
    });
    const key = wrong();
    for (let times = 0; times < 5; times += 1) {
      const response = await call("/api/pedidos", { key, headers: newAddress(), env: { DB } });
      await expectProblem(response, 401, "invalid_key");
    }
    expect(reads).toBe(1);
  });
});

describe("requests that bring orders", () => {
  const send = (key: string, init: CallInit = {}) =>
    call("/api/pedidos", {
      method: "POST",
      key,
      headers: { "content-type": JSON_TYPE },
      body: JSON.stringify([anOrder()]),
      ...init,
    });

  it("are limited by caller, counted in tens, and a refused one stores nothing", async () => {
    const key = await apiKey(["orders:write"]);
    const id = key.split("_")[1] ?? "";
    // This limiter allows fewer calls in a longer window, so that it can be brought to its end.
    const init = { env: { INGEST_LIMIT: env.KEY_FAILURE_LIMIT } };
    await exhaust("KEY_FAILURE_LIMIT", `key:${id}`);
    for (let request = 1; request < 10; request += 1) {
      expect((await send(key, init)).status).toBe(202);
    }
    const before = await storedRows();
    await expectLimited(await send(key, init), "INGEST_LIMIT");
    await expectLimited(await send(key, init), "INGEST_LIMIT");
    expect(await storedRows()).toEqual(before);
    expect((await send(await apiKey(["orders:write"]), init)).status).toBe(202);
  });

  it("are let through again once the limiter says so", async () => {
    const key = await apiKey(["orders:write"]);
    let success = false;
    const INGEST_LIMIT = { limit: async () => ({ success }) };
    for (let request = 1; request < 10; request += 1) {
      await send(key, { env: { INGEST_LIMIT } });
    }
    expect((await send(key, { env: { INGEST_LIMIT } })).status).toBe(429);
    success = true;
    expect((await send(key, { env: { INGEST_LIMIT } })).status).toBe(202);
  });
});

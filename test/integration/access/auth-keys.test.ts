import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { verifyKey } from "../../../src/auth/keys/key-check";
import { adminCookie, call, makeKey, person } from "../../support/auth-site";

const noBackground = () => undefined;

describe("making a key", () => {
  it("shows it once and stores only a hash", async () => {
    const body = { name: "ingest", scopes: ["orders:write", "orders:write"], expires_in_days: 2 };
    const response = await call("/api/keys/", { cookie: await adminCookie(), body });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const made = await response.json<{ id: string; key: string; expires_at: string }>();
    expect(made).toMatchObject({ name: "ingest", scopes: ["orders:write"] });
    expect(made.key).toMatch(/^pek_[0-9a-f]{16}_[0-9a-f]{64}$/);
    expect(Date.parse(made.expires_at)).toBeGreaterThan(Date.now() + 86_400_000);
    const secret = made.key.split("_")[2] ?? "";
    const rows = JSON.stringify((await env.DB.prepare("SELECT * FROM api_keys").all()).results);
    expect(rows).toContain(made.id);
    expect(rows).not.toContain(secret);
  });

  it.each([
    ["scopes.0", { name: "x", scopes: ["orders:admin"] }],
    ["scopes", { name: "x", scopes: [] }],
    ["scopes", { name: "x" }],
    ["scopes", { name: "x", scopes: "orders:read" }],
    ["name", { scopes: ["orders:read"] }],
    ["name", { name: "   ", scopes: ["orders:read"] }],
    ["name", { name: "\u3164\u2800", scopes: ["orders:read"] }],
    ["name", { name: 7, scopes: ["orders:read"] }],
    ["expires_in_days", { name: "x", scopes: ["orders:read"], expires_in_days: 0 }],
    ["expires_in_days", { name: "x", scopes: ["orders:read"], expires_in_days: "1" }],
    ["expires_in_days", { name: "x", scopes: ["orders:read"], expires_in_days: 1.5 }],
  ])("refuses a wrong %s", async (parameter, body) => {
    const response = await call("/api/keys", { cookie: await adminCookie(), body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_parameter", parameter });
  });

  it("refuses broken JSON", async () => {
    const response = await call("/api/keys", { cookie: await adminCookie(), body: "{" });
    expect(response.status).toBe(400);
  });

  it("is for administrators: not for other roles, keys, or the unknown", async () => {
    const body = { name: "x", scopes: ["orders:read"] };
    expect((await call("/api/keys", { body })).status).toBe(401);
    const { cookie } = await person("operator");
    expect((await call("/api/keys", { body, cookie })).status).toBe(403);
    const { key } = await makeKey(["orders:read", "tasks:write"]);
    expect((await call("/api/keys", { body, key })).status).toBe(403);
    expect((await call("/api/keys/anything/else")).status).toBe(401);
  });
});

it("lists keys without secrets", async () => {
  const made = await makeKey(["tasks:read"]);
  const response = await call("/api/keys/", { cookie: await adminCookie() });
  const text = await response.text();
  expect(text).toContain(made.id);
  expect(text).not.toContain(made.key);
  expect(text).not.toMatch(/hash|secret/i);
});

describe("using a key", () => {
  it("names the caller", async () => {
    const made = await makeKey(["tasks:read", "tasks:track"]);
    const response = await call("/known", { key: made.key });
    expect(await response.json()).toEqual({
      kind: "key",
      id: made.id,
      name: "test key",
      scopes: ["tasks:read", "tasks:track"],
    });
  });

  it("is 401 for a wrong one, even where anyone may enter", async () => {
    const { key } = await makeKey(["tasks:read"]);
    const wrong = [
      "",
      "x",
      `${key}0`,
      key.slice(0, -1) + (key.endsWith("0") ? "1" : "0"),
      `pek_0000000000000000_${"0".repeat(64)}`,
      key.toUpperCase(),
    ];
    for (const presented of wrong) {
      const response = await call("/anyone", { key: presented });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect(await response.json()).toMatchObject({ code: "invalid_key" });
    }
  });

  it("does not borrow another key's secret", async () => {
    const [one, two] = [await makeKey(["tasks:read"]), await makeKey(["orders:read"])];
    await call("/known", { key: two.key });
    const mixed = `pek_${one.id}_${two.key.split("_")[2]}`;
    expect((await call("/known", { key: mixed })).status).toBe(401);
  });

  it("needs no same-origin: a key is not sent by a browser on its own", async () => {
    const { key } = await makeKey(["tasks:read"]);
    const headers = { origin: "https://partner.example", "sec-fetch-site": "cross-site" };
    expect((await call("/known", { method: "POST", key, headers })).status).toBe(200);
  });

  it("ends when it expires, cached or not", async () => {
    const made = await makeKey(["tasks:read"], { expires_in_days: 1 });
    const end = Date.parse(made.expires_at ?? "");
    expect(await verifyKey(env, made.key, end - 1, noBackground)).not.toBeNull();
    expect(await verifyKey(env, made.key, end, noBackground)).toBeNull();
    await env.DB.prepare("UPDATE api_keys SET expires_at = 1 WHERE id = ?").bind(made.id).run();
    expect(await verifyKey(env, made.key, end + 20_000, noBackground)).toBeNull();
  });

  it("ends when it is revoked, at once here", async () => {
    const made = await makeKey(["tasks:read"]);
    expect((await call("/known", { key: made.key })).status).toBe(200);
    const cookie = await adminCookie();
    for (const path of [`/api/keys/${made.id}`, `/api/keys/${made.id}/`]) {
      expect((await call(path, { method: "DELETE", cookie })).status).toBe(204);
    }
    expect((await call("/known", { key: made.key })).status).toBe(401);
    expect((await call("/api/keys/nothing", { method: "DELETE", cookie })).status).toBe(404);
  });

  it("ends within ten seconds when another isolate revokes it", async () => {
    const made = await makeKey(["tasks:read"]);
    const now = Date.now();
    expect(await verifyKey(env, made.key, now, noBackground)).not.toBeNull();
    await env.DB.prepare("UPDATE api_keys SET revoked_at = 1 WHERE id = ?").bind(made.id).run();
    expect(await verifyKey(env, made.key, now + 9_999, noBackground)).not.toBeNull();
    expect(await verifyKey(env, made.key, now + 10_000, noBackground)).toBeNull();
  });

  it("notes its use at most once a minute, without delaying or failing the request", async () => {
    const made = await makeKey(["tasks:read"]);
    const now = Date.now();
    const writes: Promise<void>[] = [];
    const background = (work: Promise<void>) => writes.push(work);
    for (const at of [0, 1, 11_000, 59_000]) {
      await verifyKey(env, made.key, now + at, background);
    }
    expect(writes).toHaveLength(1);
    await Promise.all(writes);
    const used = env.DB.prepare("SELECT last_used_at AS at FROM api_keys WHERE id = ?");
    expect(await used.bind(made.id).first("at")).toBe(now);
    await verifyKey(env, made.key, now + 60_000, background);
    await Promise.all(writes);
    expect(await used.bind(made.id).first("at")).toBe(now + 60_000);
  });

  it("reads the database once for many requests", async () => {
    const made = await makeKey(["tasks:read"]);
    const now = Date.now();
    await verifyKey(env, made.key, now, noBackground);
    const without = Object.assign({}, env, { DB: undefined });
    expect(await verifyKey(without, made.key, now + 1, noBackground)).not.toBeNull();
  });
});

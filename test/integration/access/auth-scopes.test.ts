import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { SCOPES } from "../../../src/caller";
import { call, makeKey, person } from "../../support/auth-site";

const READS = ["orders:read", "tasks:read", "metrics:read"];
const ALLOWED: Record<string, readonly string[]> = {
  viewer: READS,
  operator: [...READS, "orders:write", "tasks:write", "tasks:track"],
  admin: SCOPES,
};

describe.each(Object.keys(ALLOWED))("a signed-in %s", (role) => {
  let cookie = "";
  beforeAll(async () => {
    ({ cookie } = await person(role));
  });

  it.each(SCOPES)("meets %s", async (scope) => {
    const response = await call(`/scope/${scope}`, { cookie });
    expect(response.status).toBe(ALLOWED[role]?.includes(scope) ? 200 : 403);
  });

  it("administers only as admin", async () => {
    expect((await call("/admin-only", { cookie })).status).toBe(role === "admin" ? 200 : 403);
  });
});

it.each(SCOPES)("a key with %s has that scope and no other", async (scope) => {
  const { key } = await makeKey([scope]);
  for (const asked of SCOPES) {
    const response = await call(`/scope/${asked}`, { key });
    expect(response.status).toBe(asked === scope ? 200 : 403);
  }
});

it("names the missing scope", async () => {
  const { key } = await makeKey(["orders:read"]);
  const response = await call("/scope/tasks:write", { key });
  expect(await response.json()).toMatchObject({ code: "forbidden", scope: "tasks:write" });
});

it("asks the unknown for credentials", async () => {
  const response = await call("/scope/tasks:read");
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toMatchObject({ code: "unauthorized" });
});

it("gives an unknown role in the database no more than reading", async () => {
  const { id, cookie } = await person("admin");
  await env.DB.prepare("UPDATE users SET role = 'viewer,admin' WHERE id = ?").bind(id).run();
  const token = cookie.split("; ").find((part) => part.includes("session_token")) ?? "";
  expect((await call("/admin-only", { cookie: token })).status).toBe(403);
  expect((await call("/scope/tasks:read", { cookie: token })).status).toBe(200);
});

it("keeps the tables of keys and attempts WITHOUT ROWID", async () => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%' AND name IN ('api_keys', 'sign_in_attempts')",
  ).all();
  expect(results).toHaveLength(2);
});

/**
 * Every route of the site's table gets hostile requests. The support file says what FUZZ_RUNS and
 * FUZZ_SEED do.
 */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { taskId } from "../../../src/lib/ids";
import { apiKey, call, type CallInit, masterKey } from "../../support/api";
import { seedOrders, seedTasks } from "../../support/api-rows";
import { answered, assertDecent, expectNoSecret } from "../../support/decent-answer";
import { FUZZ_RUNS, REQUESTS, share } from "../../support/fuzz-settings";
import {
  type CallerName,
  hostileRequest,
  type HostileRequest,
} from "../../support/hostile-requests";
import { person } from "../../support/people";
import { nameOf, routeTable } from "../../support/route-table";

const LOTE = "019aa000-0000-7000-8000-00000000";
const KNOWN = [LOTE, taskId(LOTE, 0), taskId(LOTE, 4), "4711", "nobody"];

const callers = new Map<CallerName, CallInit>([["nobody", {}]]);
const secrets: string[] = [];
const lines: string[] = [];
const statuses = new Map<number, number>();

beforeAll(async () => {
  await seedTasks(LOTE, ["PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED"]);
  await seedOrders([{ id: "4711", processedAt: Date.now() }]);
  for (const role of ["viewer", "operator", "admin"] as const) {
    const { cookie } = await person(role);
    callers.set(role, { cookie });
    secrets.push(...cookie.split("; ").map((each) => each.slice(each.indexOf("=") + 1)));
  }
  callers.set("key", { key: await apiKey() });
  secrets.push(await masterKey(), callers.get("key")?.key ?? "");
  for (const method of ["log", "error", "warn", "info", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
      lines.push(parts.map(String).join(" "));
    });
  }
  await keepCallers("CREATE TABLE");
});

afterAll(() => {
  vi.restoreAllMocks();
  const requests = [...statuses.values()].reduce((sum, each) => sum + each, 0);
  console.log(`${requests} requests, by status:`, Object.fromEntries(statuses));
});

/**
 * Keeps the callers, or restores them, as some routes end sessions, revoke keys or change roles.
 */
async function keepCallers(how: "CREATE TABLE" | "restore"): Promise<void> {
  const tables = ["users", "accounts", "sessions", "api_keys"];
  if (how === "CREATE TABLE") {
    await env.DB.batch(
      tables.map((table) => env.DB.prepare(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)),
    );
    return;
  }
  await env.DB.batch([
    ...tables.map((table) =>
      env.DB.prepare(`INSERT OR IGNORE INTO ${table} SELECT * FROM kept_${table}`),
    ),
    env.DB.prepare(
      "UPDATE users SET (role, banned) = (SELECT k.role, k.banned FROM kept_users k WHERE k.id = users.id) WHERE id IN (SELECT id FROM kept_users)",
    ),
    env.DB.prepare("UPDATE api_keys SET revoked_at = NULL"),
  ]);
}

/** Returns the request, or null if no client could send it. */
function requestOf({ caller, method, path, headers, body }: HostileRequest): CallInit | null {
  const { cookie, key } = callers.get(caller) ?? {};
  try {
    const all = new Headers();
    for (const [name, value] of headers) {
      all.append(name, value);
    }
    const own = all.get("cookie");
    if (cookie !== undefined) {
      all.set("cookie", own === null ? cookie : `${own}; ${cookie}`);
    }
    if (key !== undefined) {
      all.set("authorization", `Bearer ${key}`);
    }
    const init = { method, headers: all, body };
    void new Request(`https://pedidos.example${path}`, init);
    return init;
  } catch {
    return null;
  }
}

async function holds(request: HostileRequest): Promise<void> {
  const init = requestOf(request);
  fc.pre(init !== null);
  lines.length = 0;
  const response = await answered(call(request.path, init));
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  // The log is checked first, as it tells the cause of what the answer hides.
  expect(lines.filter((line) => line.includes('"http.failed"'))).toEqual([]);
  await assertDecent(response, request.path, request.method);
  expectNoSecret(lines.join("\n"), secrets);
  const changes = /^\/(sign-out|api\/(auth|keys))/.test(request.path) && request.method !== "GET";
  if (changes && response.status < 400) {
    await keepCallers("restore");
  }
}

const routes = routeTable.map((route) => [nameOf(route), route] as const);
const timeout = Math.max(60_000, FUZZ_RUNS * 10);

describe("hostile requests", () => {
  it.each(routes)("leave %s standing", { timeout }, async (_name, route) => {
    const property = fc.asyncProperty(hostileRequest(route, KNOWN), holds);
    await fc.assert(
      property,
      share((FUZZ_RUNS * REQUESTS) / routes.length, routeTable.indexOf(route)),
    );
  });
});

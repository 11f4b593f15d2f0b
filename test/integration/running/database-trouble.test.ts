/**
 * Every route of the site is asked with a D1 that fails from one of the route's calls on, for each
 * of its calls.
 */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { guarded } from "../../../src/db/guarded";
import { taskId } from "../../../src/lib/ids";
import { adminSession, call, type CallInit, masterKey, ORIGIN } from "../../support/api";
import { seedOrders, seedTasks } from "../../support/api-rows";
import { strictD1 } from "../../platform/d1";
import { D1_ERROR_NAMES, type D1ErrorName } from "../../platform/d1-errors";
import { bodyOf } from "../../support/described-values";
import { AT_ONCE } from "../../support/faults";
import { person } from "../../support/people";
import { fill, nameOf, type Route, routeTable } from "../../support/route-table";

const LOTE = "019aa000-0000-7000-8000-00000000";
const ERRORS = D1_ERROR_NAMES.filter((name) => name !== "full");
/** Each route is tried with this many bodies, the same ones every time. */
const BODIES = { numRuns: 2, seed: 1 };
const KEPT = ["users", "accounts", "sessions", "api_keys"];

let other = "";
let callers: CallInit[] = [];
beforeAll(async () => {
  await seedTasks(LOTE, ["PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED"]);
  await seedOrders([{ id: "4711", processedAt: Date.now() }]);
  other = (await person("viewer")).id;
  callers = [{ cookie: await adminSession() }, { key: await masterKey() }];
  await env.DB.batch(
    KEPT.map((table) => env.DB.prepare(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)),
  );
});

/** Undoes what a request did to whoever asks. */
async function restore(): Promise<void> {
  await env.DB.batch([
    ...KEPT.map((table) =>
      env.DB.prepare(`INSERT OR REPLACE INTO ${table} SELECT * FROM kept_${table}`),
    ),
    env.DB.prepare("DELETE FROM sign_in_attempts"),
  ]);
}

/** Makes a D1 that answers this many calls, and then fails for good. */
function failingAfter(calls: number, error: D1ErrorName) {
  let made = 0;
  const fault = () => {
    made += 1;
    return made > calls ? { error } : null;
  };
  return { DB: strictD1(env.DB, { fault }), failed: () => made > calls };
}

const parameter = (name: string) =>
  ({ lote: LOTE, queue: "orders", name: "pedidos.procesar", module: "pedidos" })[name] ??
  taskId(LOTE, 3);

function requestsOf(route: Route): [path: string, init: CallInit][] {
  const of = (name: string) =>
    /people|user/.test(route.path)
      ? other
      : /pedidos|orders/.test(route.path)
        ? "4711"
        : parameter(name);
  const path = fill(route.path, of);
  const accept = route.path.startsWith("/admin") ? "text/html" : "application/json";
  const headers = { accept, origin: ORIGIN };
  const { method } = route;
  if (method === "GET") {
    return [[path, { method, headers }]];
  }
  const described = bodyOf(route);
  if (described === null) {
    const body = "reason=seen&action=retry&email=x%40example.com&password=whatever-it-is";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return [[path, { method, headers: { ...headers, ...type }, body }]];
  }
  return fc.sample(described, BODIES).map((body) => [
    path,
    {
      method,
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body).replaceAll(/"(nobody|1)"/g, JSON.stringify(other)),
    },
  ]);
}

/** Fails from the first call on, then from the second, and so on until the request gets through. */
async function failEverywhere(path: string, init: CallInit): Promise<void> {
  const answers: { status: number; seen: string }[] = [];
  for (let calls = 0, through = false; !through; calls++) {
    const error = ERRORS[(calls + path.length) % ERRORS.length] ?? "network lost";
    const { DB, failed } = failingAfter(calls, error);
    const response = await call(path, { ...init, env: guarded({ ...env, DB }, AT_ONCE) });
    const body = (await response.text()).slice(0, 200);
    const seen = `${init.method} ${path} after ${calls} calls, ${error}: ${response.status} ${body}`;
    expect(response.status === 503 || response.status < 500, seen).toBe(true);
    if (response.status === 503) {
      expect(response.headers.get("retry-after"), seen).toMatch(/^\d+$/);
    }
    answers.push({ status: response.status, seen });
    through = !failed();
  }
  const well = answers.pop();
  // Only what nobody misses may fail unsaid, and a refusal must be the one that a working D1
  // brings.
  for (const { status, seen } of answers.filter((answer) => answer.status >= 400)) {
    expect([503, well?.status], seen).toContain(status);
  }
}

describe.each(routeTable.map((route) => [nameOf(route), route] as const))(
  "while D1 fails, %s",
  (_name, route) => {
    it("answers 503 and when to come again, and never 500", async () => {
      for (const [path, init] of requestsOf(route)) {
        for (const caller of route.path.startsWith("/api/") ? callers : callers.slice(0, 1)) {
          await failEverywhere(path, { ...init, ...caller });
          if (route.method !== "GET") {
            await restore();
          }
        }
      }
    });
  },
);

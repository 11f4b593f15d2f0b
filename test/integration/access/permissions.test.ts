import { beforeAll, describe, expect, it } from "vitest";
import type { Role, Scope } from "../../../src/caller";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectProblem,
  ORIGIN,
} from "../../support/api";
import { storedRows } from "../../support/api-orders";
import { person } from "../../support/people";
import { fill, nameOf, type Route, routeTable } from "../../support/route-table";

/**
 * A rule says who may use a route. A scope stands for whoever has it, and "person" for one who is
 * signed in.
 */
type Rule =
  | "all"
  | "anyone known"
  | "person"
  | "admin"
  | Scope
  | `person ${Scope}`
  | `${Scope} and ${Scope}`;

/** Every route has a rule here, and a new one without an entry fails below. */
const RULES: Record<string, Rule> = {
  "GET /healthz": "all",
  "GET /assets/console.css": "all",
  "GET /assets/page.js": "all",
  "GET /assets/:file{console-[0-9a-f]+\\.css}": "all",
  "GET /assets/:file{page-[0-9a-f]+\\.js}": "all",
  "GET /": "all",
  "POST /preferences": "all",
  "GET /sign-in": "all",
  "POST /sign-in": "all",
  "POST /sign-out": "all",
  "GET /pedidos/iniciar": "all",
  "GET /pedidos/lotes/:batch": "tasks:read", // The signed link opens it too.
  "GET /api/openapi.json": "all",
  "GET /api/docs": "all",
  "POST /api/auth/sign-in/email": "all",
  "POST /api/auth/sign-up/email": "all", // It answers that it is closed.
  "POST /api/auth/sign-out": "all",
  "GET /api/auth/get-session": "all",
  "POST /api/auth/change-password": "person",
  "GET /api/auth/list-sessions": "person",
  "POST /api/auth/revoke-session": "person",
  "POST /api/auth/revoke-sessions": "person",
  "POST /api/auth/revoke-other-sessions": "person",
  "POST /api/auth/admin/create-user": "admin",
  "GET /api/auth/admin/list-users": "admin",
  "GET /api/auth/admin/get-user": "admin",
  "POST /api/auth/admin/set-role": "admin",
  "POST /api/auth/admin/set-user-password": "admin",
  "POST /api/auth/admin/ban-user": "admin",
  "POST /api/auth/admin/unban-user": "admin",
  "POST /api/auth/admin/remove-user": "admin",
  "POST /api/auth/admin/list-user-sessions": "admin",
  "POST /api/auth/admin/revoke-user-session": "admin",
  "POST /api/auth/admin/revoke-user-sessions": "admin",
  "GET /admin": "person",
  "GET /admin/tasks": "person tasks:read",
  "GET /admin/tasks/:id": "person tasks:read",
  "GET /admin/tasks/:id/input": "person tasks:read",
  "GET /admin/tasks/:id/retries": "person tasks:write",
  "POST /admin/tasks/:id/retries": "person tasks:write",
  // tasks:read is enough for one's own task.
  "GET /admin/tasks/:id/cancellations": "person tasks:read",
  // tasks:read is enough for one's own task.
  "POST /admin/tasks/:id/cancellations": "person tasks:read",
  "GET /admin/tasks/:id/discards": "person tasks:write",
  "POST /admin/tasks/:id/discards": "person tasks:write",
  "GET /admin/tasks/:id/replays": "person tasks:write",
  "POST /admin/tasks/:id/replays": "person tasks:write",
  "GET /admin/tasks/bulk/matching": "person tasks:write",
  "POST /admin/tasks/bulk/matching": "person tasks:write",
  "GET /admin/tasks/bulk/picked": "person tasks:write",
  "POST /admin/tasks/bulk/picked": "person tasks:write",
  "POST /admin/tasks/look": "person tasks:read",
  "POST /admin/tasks/exports": "person tasks:read",
  "GET /admin/failures": "person tasks:read",
  "GET /admin/dead-letters": "person tasks:read",
  "GET /admin/notifications": "person",
  "POST /admin/notifications/read": "person",
  "GET /admin/modules/:module": "person tasks:read",
  "GET /admin/queues": "person tasks:read",
  "GET /admin/queues/:queue/pauses": "person tasks:write",
  "POST /admin/queues/:queue/pauses": "person tasks:write",
  "GET /admin/queues/:queue/resumptions": "person tasks:write",
  "POST /admin/queues/:queue/resumptions": "person tasks:write",
  "GET /admin/run": "person tasks:read",
  "GET /admin/run/tasks/:name": "person tasks:write",
  "POST /admin/run/tasks/:name": "person tasks:write",
  "GET /admin/run/templates": "person tasks:write",
  "POST /admin/run/templates": "person tasks:write",
  "GET /admin/run/templates/:name": "person tasks:write",
  "POST /admin/run/templates/:name": "person tasks:write",
  "GET /admin/run/templates/:name/deactivation": "person tasks:write",
  "POST /admin/run/templates/:name/deactivation": "person tasks:write",
  "GET /admin/run/templates/:name/runs": "person tasks:write",
  "POST /admin/run/templates/:name/runs": "person tasks:write",
  "GET /admin/orders": "person orders:read",
  "GET /admin/orders/:id": "person orders:read",
  "GET /admin/orders/:id/deletion": "admin",
  "POST /admin/orders/:id/deletion": "admin",
  "POST /admin/orders/exports": "person orders:read",
  "GET /exports/:task_id": "all", // The signed link opens it.
  "POST /api/exports": "orders:read",
  "POST /api/exports/tasks": "tasks:read",
  // One's own export needs no tasks:read; any export needs the scope of what it holds.
  "POST /api/exports/:task_id/link": "tasks:read",
  "GET /admin/people": "admin",
  "GET /admin/people/new": "admin",
  "POST /admin/people": "admin",
  "GET /admin/people/:id": "admin",
  "POST /admin/people/:id/role": "admin",
  "POST /admin/people/:id/password": "admin",
  "GET /admin/people/:id/ban": "admin",
  "POST /admin/people/:id/ban": "admin",
  "POST /admin/people/:id/ban/end": "admin",
  "GET /admin/people/:id/removal": "admin",
  "POST /admin/people/:id/removal": "admin",
  "POST /admin/people/:id/sessions/revocation": "admin",
  "POST /admin/people/:id/sessions/:session/revocation": "admin",
  "GET /admin/account": "person",
  "POST /admin/account/password": "person",
  "POST /admin/account/sessions/revocation": "person",
  "POST /admin/account/sessions/:session/revocation": "person",
  "GET /admin/keys": "admin",
  "GET /admin/keys/new": "admin",
  "POST /admin/keys": "admin",
  "GET /admin/keys/:id/revocation": "admin",
  "POST /admin/keys/:id/revocation": "admin",
  "GET /admin/audit": "admin",
  "POST /api/keys": "admin",
  "GET /api/keys": "admin",
  "DELETE /api/keys/:id": "admin",
  "POST /api/pedidos": "orders:write",
  "GET /api/pedidos": "orders:read",
  "GET /api/pedidos/:id": "orders:read",
  "DELETE /api/pedidos/:id": "admin",
  "GET /api/tasks/executions": "tasks:read",
  "GET /api/tasks/executions/:id": "tasks:read",
  "POST /api/tasks/cancel/:task_id": "tasks:write", // One's own task may be cancelled without it.
  "POST /api/tasks/retry/:task_id": "tasks:write",
  "POST /api/tasks/discard/:task_id": "tasks:write",
  "POST /api/tasks/replay/:task_id": "tasks:write",
  "POST /api/tasks/bulk": "tasks:write",
  "POST /api/tasks/run": "tasks:write",
  "POST /api/tasks/executions": "tasks:track",
  "PATCH /api/tasks/executions/:id": "tasks:track",
  "GET /api/tasks/user-tasks": "anyone known", // The tasks of others need tasks:read.
  "POST /api/tasks/user-tasks/cancel": "anyone known", // The tasks of others need tasks:write.
  "GET /api/tasks/workers": "tasks:read",
  "GET /api/tasks/flower-info": "tasks:read",
  "GET /api/tasks/info": "tasks:read",
  "GET /api/tasks/stats": "tasks:read",
  "GET /api/tasks/templates": "tasks:read",
  "GET /api/tasks/templates/:name": "tasks:read",
  "POST /api/tasks/templates": "tasks:write",
  "DELETE /api/tasks/templates/:name": "tasks:write",
  "GET /api/tasks/notifications": "anyone known",
  "POST /api/tasks/notifications/read": "anyone known",
  "POST /api/tasks/notifications/:id/read": "anyone known",
  "POST /api/tasks/queues/:queue/pause": "tasks:write",
  "POST /api/tasks/queues/:queue/resume": "tasks:write",
  // Here and below, the caller's own tasks are shown.
  "GET /api/task-manager/tasks": "anyone known",
  "GET /api/task-manager/tasks/:id": "anyone known",
  "GET /api/task-manager/tasks/status/:task_id": "anyone known",
  "GET /api/task-manager/tasks/workers_status": "anyone known",
  "GET /api/task-manager/tasks/active_tasks": "anyone known",
  "GET /api/task-manager/tasks/my_tasks": "anyone known",
  "GET /api/task-manager/tasks/module_tasks": "anyone known",
  "POST /api/task-manager/tasks/register_task": "tasks:track",
  "POST /api/task-manager/tasks/:id/update_progress": "tasks:track",
  "POST /api/task-manager/tasks/:id/cancel_task": "anyone known",
  "GET /api/task-manager/notifications": "anyone known",
  "POST /api/task-manager/notifications/:id/mark_as_read": "anyone known",
  "POST /api/task-manager/notifications/mark_all_read": "anyone known",
  "GET /api/task-manager/templates": "tasks:read",
  "GET /api/audit": "admin",
  "GET /metrics": "metrics:read",
  "GET /api/live": "anyone known", // Callers without tasks:read hear only of their own tasks.
  "POST /api/live/tickets": "anyone known",
  "GET /task-monitor.js": "all",
};

const READS: Scope[] = ["orders:read", "tasks:read", "metrics:read"];
const WRITES: Scope[] = ["orders:write", "tasks:write", "tasks:track"];
const EVERY = [...READS, ...WRITES];

interface Caller {
  role: Role | null;
  scopes: readonly Scope[];
  init: () => Promise<CallInit>;
}

/** Makes someone new for a route, as some routes end the caller's session. */
const someone = (role: Role) => async () => ({ cookie: (await person(role)).cookie });

const CALLERS: Record<string, Caller> = {
  "the unknown": { role: null, scopes: [], init: async () => ({}) },
  "a viewer": { role: "viewer", scopes: READS, init: someone("viewer") },
  "an operator": { role: "operator", scopes: EVERY, init: someone("operator") },
  "an administrator": { role: "admin", scopes: EVERY, init: someone("admin") },
  ...Object.fromEntries(
    EVERY.map((scope) => [
      `a key with ${scope}`,
      { role: null, scopes: [scope], init: async () => ({ key: await apiKey([scope]) }) },
    ]),
  ),
};

function isAllowed(rule: Rule, { role, scopes }: Caller): boolean {
  if (rule === "all") {
    return true;
  }
  if (rule === "anyone known") {
    return role !== null || scopes.length > 0;
  }
  if (rule === "admin") {
    return role === "admin";
  }
  const needed = rule
    .replace(/^person ?/, "")
    .split(" and ")
    .filter(Boolean);
  const isKnown = role !== null || !rule.startsWith("person");
  return isKnown && needed.every((scope) => scopes.some((each) => each === scope));
}

/** These routes look at the form of the body before they look at who sends it. */
const BODIES: Record<string, unknown> = {
  "/api/auth/change-password": { currentPassword: "x".repeat(12), newPassword: "y".repeat(12) },
  "/api/auth/revoke-session": { token: "x" },
};

async function visit({ method, path }: Route, init: CallInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const body =
    method === "GET" || method === "DELETE" ? undefined : JSON.stringify(BODIES[path] ?? {});
  if (body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  return call(
    fill(path, () => "1"),
    { method, body, ...init, headers },
  );
}

/**
 * Tells whether one is refused for who one is; a wrong password at the sign-in page is not that.
 */
async function isRefused(response: Response): Promise<boolean> {
  if (response.headers.get("location")?.includes("/sign-in?next=")) {
    return true;
  }
  const type = response.headers.get("content-type") ?? "";
  if (![401, 403].includes(response.status) || !type.startsWith("application/problem+json")) {
    return false;
  }
  const { code } = await response.json<{ code: string }>();
  return ["unauthorized", "forbidden", "UNAUTHORIZED"].includes(code);
}

const named = routeTable.map((route) => [nameOf(route), route] as const);
const isRule = (name: string) => Object.hasOwn(RULES, name);

it("every route has a rule, and every rule its route", () => {
  expect(routeTable.map(nameOf).toSorted()).toEqual(Object.keys(RULES).toSorted());
});

describe.each(Object.entries(CALLERS))("%s", (_name, caller) => {
  let shared: CallInit = {};
  beforeAll(async () => {
    shared = await caller.init();
  });

  it.each(named.filter(([name]) => isRule(name)))(
    "is let in, or not, by %s",
    async (name, route) => {
      const rule = RULES[name] ?? "admin";
      const endsSession = /revoke-|sign-out/.test(name);
      const response = await visit(route, endsSession ? await caller.init() : shared);
      expect(response.status).toBeLessThan(500);
      expect(await isRefused(response)).toBe(!isAllowed(rule, caller));
    },
  );
});

const FOREIGN: Record<string, string>[] = [
  { origin: "https://evil.example" },
  { origin: "null" },
  { origin: "https://pedidos.example.evil.example" },
  { origin: "http://pedidos.example" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site", origin: ORIGIN },
  { "sec-fetch-site": "cross-site", origin: "null" },
];

describe.each(named.filter(([, { method }]) => method !== "GET"))("%s", (_name, route) => {
  it("does nothing for a page of another site", async () => {
    const cookie = await adminSession();
    const before = await storedRows();
    for (const headers of FOREIGN) {
      const response = await visit(route, { cookie, headers });
      await expectProblem(response, 403, "cross_site");
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await storedRows()).toEqual(before);
  });

  it("serves a program, which says nothing of a site", async () => {
    const response = await visit(route, await someone("admin")());
    expect(await response.text()).not.toContain("cross_site");
  });
});

it.each(named)("%s writes nothing for another method", async (_name, route) => {
  const cookie = await adminSession();
  const before = await storedRows();
  const path = fill(route.path, () => "1");
  const own = routeTable.filter((other) => other.path === route.path).map((other) => other.method);
  for (const method of ["HEAD", "OPTIONS", "PUT", "PATCH", "PROPFIND"]) {
    if (own.includes(method)) {
      continue;
    }
    const response = await call(path, { method, cookie });
    expect(response.status, method).toBeLessThan(500);
    if (path !== "/task-monitor.js") {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
    if (method === "HEAD") {
      expect(await response.text()).toBe("");
    } else {
      expect(response.status, method).toBeGreaterThanOrEqual(400);
    }
  }
  expect(await storedRows()).toEqual(before);
});

it("takes no method from a header or a field", async () => {
  const cookie = await adminSession();
  const key = await apiKey(["orders:read"]);
  const id = key.split("_")[1] ?? "";
  const headers = { "x-http-method-override": "DELETE", "x-method-override": "DELETE" };
  await call(`/api/keys/${id}?_method=DELETE`, { cookie, headers });
  const form = { ...headers, "content-type": "application/x-www-form-urlencoded" };
  await call(`/api/keys/${id}`, { method: "POST", cookie, headers: form, body: "_method=DELETE" });
  expect((await call("/api/pedidos", { key })).status).toBe(200);
});

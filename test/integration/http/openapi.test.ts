/**
 * The API's description is OpenAPI 3.1 and covers every route, and its schemas are those of the
 * answers.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app";
import { adminSession, apiKey, masterKey } from "../../support/api";
import { person } from "../../support/auth-site";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

type Json = Record<string, unknown>;
interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; schema?: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema: Json }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}

const failing = aDefinition({
  name: "test.failing",
  startedBy: "operator",
  notify: { error: true },
  run: async () => ({ kind: "reject", reason: { code: "because", message: "It fails" } }),
});
const site = siteOf([failing]);
const METHODS = ["get", "post", "put", "patch", "delete"];
/** These routes below /api are no API: better-auth's own, and the description itself. */
const APART = /^\/api\/(auth|openapi\.json|docs)(\/|$)/;

let document: Document;
beforeAll(async () => {
  document = await site.get<Document>("/api/openapi.json");
});

const withoutSlash = (path: string) => path.replace(/(.)\/$/, "$1");
const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

/** Returns the schema with what it refers to put in its place. */
function resolved(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(resolved);
  }
  if (typeof schema !== "object" || schema === null) {
    return schema;
  }
  const { $ref, ...rest } = schema as Json;
  if (typeof $ref === "string") {
    const name = /^#\/components\/schemas\/(\w+)$/.exec($ref)?.[1] ?? "";
    expect(document.components.schemas, $ref).toHaveProperty(name);
    return { ...(resolved(document.components.schemas[name]) as Json), ...rest };
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, resolved(value)]));
}

/** Compiles a schema; throws when it is no JSON Schema. */
const compiled = (schema: Json) => z.fromJSONSchema(resolved(schema) as Json);

describe("/api/openapi.json", () => {
  it("is an OpenAPI 3.1 document", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toEqual({ title: expect.any(String), version: expect.any(String) });
    expect(operations().length).toBeGreaterThan(20);
    for (const { path, method, operation } of operations()) {
      const at = `${method} ${path}`;
      expect(path, at).toMatch(/^\//);
      expect(METHODS, at).toContain(method);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = operation.parameters ?? [];
      const named = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(new Set(named), at).toEqual(new Set(inPath));
      for (const parameter of parameters) {
        expect(["path", "query", "header", "cookie"], at).toContain(parameter.in);
        compiled(parameter.schema ?? {});
      }
      expect(Object.keys(operation.responses).length, at).toBeGreaterThan(0);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status, at).toMatch(/^([1-5]\d\d|default)$/);
        expect(response.description, at).toMatch(/\S/);
        Object.values(response.content ?? {}).forEach(({ schema }) => compiled(schema));
      }
      Object.values(operation.requestBody?.content ?? {}).forEach(({ schema }) => compiled(schema));
    }
    expect(JSON.stringify(document), "3.0's word").not.toContain('"nullable"');
  });

  it("has every route below /api, and no other", () => {
    const mounted = createApp(site.engine)
      .routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/"))
      .filter(({ path }) => !APART.test(path))
      .map(({ method, path }) => `${method} ${withoutSlash(path).replaceAll(/:(\w+)/g, "{$1}")}`);
    const described = operations()
      .filter(({ path }) => path.startsWith("/api/"))
      .map(({ method, path }) => `${method.toUpperCase()} ${withoutSlash(path)}`);
    expect(new Set(described)).toEqual(new Set(mounted));
  });

  it("says of every operation what it does, and of what form its answer is", () => {
    for (const { path, method, operation } of operations()) {
      const at = `${method} ${path}`;
      expect(operation.summary, at).toMatch(/\S/);
      if (!path.startsWith("/api/") || (path.startsWith("/api/live") && method === "get")) {
        continue; // The route sends a browser to a page, or becomes a socket.
      }
      const good = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
      expect(good.length, at).toBeGreaterThan(0);
      for (const [status, { content }] of good.filter(([status]) => status !== "204")) {
        expect(content?.["application/json"]?.schema, `${at} ${status}`).toBeDefined();
      }
    }
  });
});

/** Asks, and holds the answer against what the description says of it. */
async function holds(
  method: string,
  route: string,
  asked: { path?: string; key?: string; cookie?: string; body?: unknown },
): Promise<Json> {
  const { path = route, ...asking } = asked;
  const response = await site.ask(method, path, asking);
  const text = await response.text();
  const operation = Object.entries(document.paths).find(
    ([one]) => withoutSlash(one) === withoutSlash(route),
  )?.[1]?.[method.toLowerCase()];
  const described = operation?.responses[response.status];
  expect(described, `${method} ${path}: ${response.status} ${text.slice(0, 300)}`).toBeDefined();
  const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
  const schema = described?.content?.[type]?.schema;
  expect(schema, `${method} ${path}: ${response.status} ${type}`).toBeDefined();
  const result = compiled(schema ?? {}).safeParse(JSON.parse(text));
  expect(result.error?.issues ?? [], `${method} ${path}: ${text.slice(0, 1000)}`).toEqual([]);
  return JSON.parse(text) as Json;
}

describe("the answers are as described:", () => {
  beforeEach(clearTasks);

  it("tasks, waiting, failed and done, one and listed", async () => {
    const { operator: key } = await someKeys();
    const RUN = "/api/tasks/run";
    const ids: string[] = [];
    for (const input of [anOrder(), anOrder({ productos: [] }), anOrder()]) {
      const body = { task_name: "pedidos.procesar", input };
      ids.push(String((await holds("POST", RUN, { key, body }))["task_id"]));
    }
    await site.run(...ids.slice(0, 2));
    const LIST = "/api/tasks/executions";
    const ONE = `${LIST}/{id}`;
    for (const id of ids) {
      await holds("GET", ONE, { key, path: `${LIST}/${id}/` });
    }
    await holds("GET", ONE, { key, path: `${LIST}/nobody` });
    const page = await holds("GET", LIST, { key, path: `${LIST}?limit=2` });
    expect(page["results"]).toHaveLength(2);
    await holds("GET", LIST, { key, path: `${LIST}?limit=x` });
    await holds("GET", "/api/tasks/stats", { key });
    await holds("GET", "/api/tasks/workers", { key });
    await holds("GET", "/api/tasks/flower-info", { key });
    await holds("GET", "/api/tasks/info", { key });
    await holds("GET", "/api/tasks/user-tasks", { key });
    await holds("POST", "/api/tasks/user-tasks/cancel", { key, body: { task_module: "none" } });
    const at = (action: string, id = ids[1]) => ({ key, path: `/api/tasks/${action}/${id}` });
    const to = (action: string) => `/api/tasks/${action}/{task_id}`;
    await holds("POST", to("discard"), { ...at("discard"), body: { reason: "why" } });
    await holds("POST", to("discard"), { ...at("discard"), body: { reason: "why" } });
    await holds("POST", to("replay"), { ...at("replay"), body: { input: anOrder() } });
    await holds("POST", to("retry"), at("retry"));
    await holds("POST", to("cancel"), at("cancel", ids[2]));
    await holds("POST", to("cancel"), at("cancel", ids[2]));
    await holds("POST", "/api/tasks/bulk", { key, body: { action: "retry", filter: {} } });
  });

  it("templates and notifications", async () => {
    const { cookie } = await person("operator");
    const LIST = "/api/tasks/templates";
    const body = { name: "t", task_name: "test.failing", notify: { start: true, progress: 5 } };
    await holds("POST", LIST, { cookie, body });
    await holds("POST", LIST, { cookie, body });
    await holds("GET", LIST, { cookie });
    await holds("GET", `${LIST}/{name}`, { cookie, path: `${LIST}/t` });
    const elsewhere = {
      name: "e",
      task_name: "nomina.cerrar",
      module: "nomina",
      notification_settings: { notify_on_error: false, notify_on_progress: true },
    };
    await holds("POST", LIST, { cookie, body: elsewhere });
    await holds("GET", LIST, { cookie, path: `${LIST}?module=nomina` });
    await holds("POST", "/api/tasks/run", { cookie, body: { template: "e" } });
    const run = { cookie, body: { task_name: "test.failing", delay_seconds: 0 } };
    const { task_id } = await holds("POST", "/api/tasks/run", run);
    await site.run(String(task_id));
    const told = await holds("GET", "/api/tasks/notifications", { cookie });
    expect(told["unread"]).toBe(1);
    const [{ id = "" } = {}] = told["results"] as { id?: string }[];
    const ONE = "/api/tasks/notifications/{id}/read";
    await holds("POST", ONE, { cookie, path: ONE.replace("{id}", id) });
    await holds("POST", ONE, { cookie, path: ONE.replace("{id}", "nobody") });
    await holds("POST", "/api/tasks/notifications/read", { cookie, body: { all: true } });
    await holds("DELETE", `${LIST}/{name}`, { cookie, path: `${LIST}/t` });
    await holds("GET", `${LIST}/{name}`, { cookie, path: `${LIST}/nobody` });
  });

  it("tracked work", async () => {
    const { tracker: key } = await someKeys();
    const LIST = "/api/tasks/executions";
    const body = { task_id: crypto.randomUUID(), task_name: "a.b", task_module: "a" };
    const { id } = await holds("POST", LIST, { key, body });
    await holds("POST", LIST, { key, body });
    const report = { key, path: `${LIST}/${String(id)}` };
    await holds("PATCH", `${LIST}/{id}`, { ...report, body: { progress_percentage: 33.3 } });
    await holds("PATCH", `${LIST}/{id}`, { ...report, body: { status: "SUCCESS" } });
    await holds("PATCH", `${LIST}/{id}`, { ...report, body: {} });
  });

  it("what programs of the old task manager ask", async () => {
    const cookie = await adminSession();
    const BASE = "/api/task-manager";
    const at = (path: string, id: unknown) => path.replace(/\{\w+\}/, String(id));
    const body = { task_id: crypto.randomUUID(), task_name: "a.b", task_module: "a" };
    const made = await holds("POST", `${BASE}/tasks/register_task`, { cookie, body });
    await holds("POST", `${BASE}/tasks/register_task`, { cookie, body });
    await holds("POST", `${BASE}/tasks/register_task`, { cookie, body: {} });
    const { id } = made["task"] as Json;
    for (const path of ["/tasks/{id}", "/tasks/status/{task_id}"]) {
      await holds("GET", BASE + path, { cookie, path: at(BASE + path, id) });
      await holds("GET", BASE + path, { cookie, path: at(BASE + path, "nobody") });
    }
    for (const list of ["", "/active_tasks", "/my_tasks", "/workers_status"]) {
      await holds("GET", `${BASE}/tasks${list}`, { cookie });
    }
    const ofModule = `${BASE}/tasks/module_tasks`;
    await holds("GET", ofModule, { cookie, path: `${ofModule}?module=a` });
    await holds("GET", ofModule, { cookie });
    for (const action of ["update_progress", "cancel_task"]) {
      const route = `${BASE}/tasks/{id}/${action}`;
      const report = action === "cancel_task" ? {} : { body: { percentage: 33.3 } };
      await holds("POST", route, { cookie, path: at(route, id), ...report });
      await holds("POST", route, { cookie, path: at(route, "nobody"), ...report });
    }
    const cancel = `${BASE}/tasks/{id}/cancel_task`;
    await holds("POST", cancel, { cookie, path: at(cancel, id) });
    const run = { cookie, body: { task_name: "test.failing" } };
    await site.run(String((await holds("POST", "/api/tasks/run", run))["task_id"]));
    const told = await holds("GET", `${BASE}/notifications`, { cookie });
    const route = `${BASE}/notifications/{id}/mark_as_read`;
    await holds("POST", route, { cookie, path: at(route, (told["results"] as Json[])[0]?.["id"]) });
    await holds("POST", route, { cookie, path: at(route, "nobody") });
    await holds("POST", `${BASE}/notifications/mark_all_read`, { cookie });
    await holds("GET", `${BASE}/templates`, { cookie });
  });

  it("orders and keys", async () => {
    const key = await masterKey();
    const orders = [anOrder(), anOrder()];
    const accepted = await holds("POST", "/api/pedidos", { key, body: orders });
    await site.run(...(accepted["tareas"] as { task_id: string }[]).map((task) => task.task_id));
    await holds("GET", "/api/pedidos", { key });
    const path = `/api/pedidos/${String(orders[0]?.["id"])}`;
    expect(await holds("GET", "/api/pedidos/{id}", { key, path })).toMatchObject({ moneda: "USD" });
    const cookie = await adminSession();
    await apiKey(["orders:read"]);
    await holds("GET", "/api/keys", { cookie });
    const body = { name: "described", scopes: ["tasks:read"] };
    await holds("POST", "/api/keys", { cookie, body });
  });
});

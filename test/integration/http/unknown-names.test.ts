/**
 * Nothing that a request says is silently ignored: every route of the table is asked with a name it
 * does not know.
 */
import * as fc from "fast-check";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createAuth } from "../../../src/auth/auth";
import { ENDPOINTS } from "../../../src/auth/gate";
import { queueNames } from "../../../src/tasks/model/queues";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectBadParameter,
  expectProblem,
  masterKey,
  ORIGIN,
} from "../../support/api";
import { JSON_TYPE } from "../../support/api-orders";
import { taskId } from "../../../src/lib/ids";
import { seedOrders, seedTasks } from "../../support/api-rows";
import { bodyOf, requiredOf } from "../../support/described-values";
import { anOrder } from "../../support/orders";
import { person } from "../../support/people";
import { apiDocument, fill, nameOf, type Route, routeTable } from "../../support/route-table";

const UNKNOWN = "xyzzy";
const OLD = "/api/task-manager/tasks";
const JSON_HEADERS = { "content-type": JSON_TYPE };

/**
 * These routes are linked from mails and campaigns, which add names of their own, or serve files
 * that are the same anyway.
 */
const IGNORING = /^GET (\/|\/healthz|\/task-monitor\.js|\/assets\/.*|\/pedidos\/lotes\/:batch)$/;
/** This route's orders are documents that are kept as sent, not fields of the route. */
const KEPT_AS_SENT = "POST /api/pedidos";

const strict = routeTable.filter((route) => !IGNORING.test(nameOf(route)));
const named = (routes: readonly Route[]) => routes.map((each) => [nameOf(each), each] as const);
const isApi = ({ path }: Route) => path.startsWith("/api/");
const writes = ({ method }: Route) => method !== "GET";

const LOTE = "019aa000-0000-7000-8000-00000000";
/** Some pages look for what they are about before they read a form. */
const ids: [path: RegExp, id: string][] = [
  [/^\/admin\/tasks\//, taskId(LOTE, 0)],
  [/^\/admin\/orders\//, "4711"],
  [/^\/admin\/run\/tasks\//, "pedidos.procesar"],
];
beforeAll(async () => {
  await seedTasks(LOTE, ["FAILURE"]);
  await seedOrders([{ id: "4711", processedAt: Date.now() }]);
  const cookie = await adminSession();
  const post = async (path: string, body: object) =>
    call(path, { method: "POST", cookie, headers: JSON_HEADERS, body: JSON.stringify(body) });
  const key = await post("/api/keys", { name: "known", scopes: ["tasks:read"] });
  ids.push([/^\/admin\/keys\//, (await key.json<{ id: string }>()).id]);
  ids.push([/^\/admin\/people\//, (await person("viewer")).id]);
  await post("/api/tasks/templates", { name: "known", task_name: "pedidos.procesar" });
  ids.push([/^\/admin\/run\/templates\//, "known"]);
  ids.push([/^\/admin\/queues\//, queueNames(env)[0] ?? ""]);
});

const at = ({ path }: Route) =>
  fill(path, (name) =>
    name === "session" ? "1" : (ids.find(([of]) => of.test(path))?.[1] ?? "1"),
  );

/** Makes the call as a caller who may: a key administers nothing, and no person tracks work. */
async function asCaller({ method, path }: Route, init: CallInit = {}): Promise<CallInit> {
  const byPerson = /^\/(admin|sign|preferences|api\/(auth|keys|audit|docs))/.test(path);
  return byPerson || (method === "DELETE" && path.startsWith("/api/pedidos"))
    ? { ...init, method, cookie: await adminSession() }
    : { ...init, method, key: await masterKey() };
}

async function send(route: Route, search: string, content?: unknown): Promise<Response> {
  const body = content === undefined ? undefined : JSON.stringify(content);
  const headers: HeadersInit = body === undefined ? {} : JSON_HEADERS;
  return call(at(route) + search, await asCaller(route, { body, headers }));
}

async function sendForm(route: Route, fields: [string, string][]): Promise<Response> {
  return call(at(route), await asCaller(route, { body: new URLSearchParams(fields) }));
}

/** Makes a body that the route describes; {} where it describes none. */
const described = (route: Route): object => {
  const values = bodyOf(route);
  const one = values === null ? {} : fc.sample(values, { numRuns: 1, seed: 1 })[0];
  return typeof one === "object" && one !== null ? one : {};
};

describe("an unknown query name is a 400 that tells it", () => {
  it.each(named(strict))("%s", async (_name, route) => {
    await expectBadParameter(await send(route, `?${UNKNOWN}=1`), UNKNOWN);
  });

  it.each(named(routeTable.filter((route) => IGNORING.test(nameOf(route)))))(
    "%s ignores it on purpose",
    async (_name, route) => {
      const response = await call(`${at(route)}?${UNKNOWN}=1`, { key: await masterKey() });
      expect(response.status).not.toBe(400);
    },
  );
});

describe("an unknown field is a 400 that tells it", () => {
  const api = strict.filter((route) => isApi(route) && writes(route));
  it.each(named(api.filter((route) => nameOf(route) !== KEPT_AS_SENT)))(
    "%s",
    async (_name, route) => {
      if (!route.path.startsWith("/api/auth/")) {
        const body = { ...described(route), [UNKNOWN]: 1 };
        await expectBadParameter(await send(route, "", body), UNKNOWN);
      }
      await expectBadParameter(await send(route, "", { [UNKNOWN]: 1 }), UNKNOWN);
    },
  );

  it.each(named(strict.filter((route) => !isApi(route) && writes(route))))(
    "%s",
    async (_name, route) => {
      await expectBadParameter(await sendForm(route, [[UNKNOWN, "1"]]), UNKNOWN);
    },
  );

  it.each<[string, string, object, string]>([
    ["POST", "/api/tasks/bulk", { action: "retry", filter: { statuss: "FAILURE" } }, "status"],
    ["POST", "/api/exports/tasks", { formato: "csv", filter: { statuss: "FAILURE" } }, "status"],
  ])("%s %s: in its filter", async (method, path, body, nearest) => {
    const response = await send({ method, path }, "", body);
    const problem = await expectProblem(response, 400, "invalid_parameter");
    expect(problem["parameter"]).toBe("filter.statuss");
    expect(problem.detail).toBe(`filter.statuss: unknown; did you mean ${nearest}?`);
  });

  it("in every object that a description of a body has", () => {
    const open: string[] = [];
    const look = (schema: unknown, where: string): void => {
      if (typeof schema !== "object" || schema === null) {
        return;
      }
      const { $ref, properties, additionalProperties } = schema as Record<string, unknown>;
      if (typeof $ref === "string") {
        const { schemas = {} } = apiDocument.components ?? {};
        look(schemas[$ref.split("/").at(-1) ?? ""], where);
      }
      if (properties !== undefined && additionalProperties !== false) {
        open.push(where);
      }
      for (const [name, inner] of Object.entries(schema)) {
        look(inner, `${where}.${name}`);
      }
    };
    for (const [path, item] of Object.entries(apiDocument.paths ?? {})) {
      for (const [method, operation] of Object.entries(item as Record<string, object>)) {
        const name = `${method.toUpperCase()} ${path}`.replace(/\/$/, "");
        if (name !== KEPT_AS_SENT) {
          look((operation as { requestBody?: unknown }).requestBody, name);
        }
      }
    }
    expect(open).toEqual([]);
  });
});

describe("what it says", () => {
  const LIST = "/api/tasks/executions/";
  const detailOf = async (path: string, init: CallInit = {}) => {
    const response = await call(path, { key: await masterKey(), ...init });
    return (await expectProblem(response, 400, "invalid_parameter")).detail;
  };

  it.each([
    ["?statuss=FAILURE", "statuss: unknown; did you mean status?"],
    ["?Status=FAILURE", "Status: unknown; did you mean status?"],
    ["?task_nmae=x", "task_nmae: unknown; did you mean task_name?"],
    [
      "?status=FAILURE&xyzzy=1",
      "xyzzy: unknown; known here: limit, cursor, lote, status, pedido, user, task_module, task_name, worker, created_after, created_before, discarded, error_code, search, ordering",
    ],
    ["?status=FAILURE&status=SUCCESS", "status: given more than once"],
    ["?limit=abc", "limit: must be a whole number from 1 to 200"],
    ["?limit=1.5", "limit: must be a whole number from 1 to 200"],
    ["?limit=0", "limit: must be a whole number from 1 to 200"],
    ["?limit=1e999", "limit: must be a whole number from 1 to 200"],
  ])("of the list of tasks with %s", async (search, detail) => {
    expect(await detailOf(LIST + search)).toBe(detail);
  });

  it("tells the known ones where they are few and none is near", async () => {
    expect(await detailOf("/api/tasks/workers/?xyzzy=1")).toBe(
      "xyzzy: unknown; known here: user, task_module, lote",
    );
    expect(await detailOf("/api/tasks/info/?xyzzy=1")).toBe(
      "xyzzy: unknown; nothing is taken here",
    );
  });

  it("of a name without end is short", async () => {
    expect((await detailOf(`${LIST}?${"x".repeat(5000)}=1`)).length).toBeLessThan(300);
  });

  it("of a number in a body", async () => {
    const body = JSON.stringify({ task_name: "x", delay_seconds: "soon" });
    const headers = JSON_HEADERS;
    const detail = await detailOf("/api/tasks/run/", { method: "POST", headers, body });
    expect(detail).toBe("delay_seconds: must be a number from 0 to 2592000");
  });
});

describe("a required name that is missing is a 400 that says so", () => {
  const required = [...routeTable].flatMap((route) =>
    requiredOf(route).map((name) => [`${nameOf(route)} ${name}`, route, name] as const),
  );

  it("of many routes", () => {
    expect(required.length).toBeGreaterThan(15);
  });

  it.each(required)("%s", async (_name, route, name) => {
    const isField = writes(route);
    const body = isField ? { ...described(route), [name]: undefined } : undefined;
    const problem = await expectProblem(await send(route, "", body), 400, "invalid_parameter");
    expect(problem).toMatchObject({ parameter: name, detail: `${name}: missing` });
  });

  it.each([
    ["/api/tasks/replay/1", "input: missing"],
    ["/api/auth/admin/create-user", "email: missing"],
    ["/api/auth/sign-in/email", "[body.email] missing; [body.password] missing"],
  ])("POST %s", async (path, detail) => {
    const response = await send({ method: "POST", path }, "", {});
    expect((await response.json<{ detail: string }>()).detail).toBe(detail);
  });

  it("in the old words too", async () => {
    const response = await send({ method: "POST", path: `${OLD}/register_task` }, "", {});
    expect(await response.json()).toMatchObject({ success: false, error: "task_id: missing" });
  });
});

describe("a number that is out of its limits is told them:", () => {
  it.each([
    ["since=0", "since: must be a number above 0"],
    ["since=-1", "since: must be a number above 0"],
    ["limit=0", "limit: must be a whole number from 1"],
  ])("%s", async (query, detail) => {
    const response = await send({ method: "GET", path: OLD }, `?${query}`);
    expect(await expectProblem(response, 400, "invalid_parameter")).toMatchObject({ detail });
  });
});

describe("a route without a body", () => {
  let batches = 0;
  const cancel = async (init: CallInit) => {
    const lote = `019aa000-0000-7000-8000-0000000${(batches += 1).toString(16)}`;
    await seedTasks(lote, ["PENDING"]);
    const path = `/api/tasks/cancel/${taskId(lote, 0)}/`;
    return call(path, { method: "POST", key: await masterKey(), ...init });
  };

  it.each<[string, CallInit]>([
    ["nothing", {}],
    ["nothing, as JSON", { headers: JSON_HEADERS }],
    ["an empty text", { body: "" }],
    ["{}", { body: "{}", headers: JSON_HEADERS }],
    [
      "{} as curl sends it",
      { body: "{ }", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
    ["null", { body: "null", headers: JSON_HEADERS }],
  ])("goes on taking %s", async (_what, init) => {
    expect((await cancel(init)).status).toBe(200);
  });

  it.each<[string, CallInit, string]>([
    ["a field", { body: '{"reason":"x"}', headers: JSON_HEADERS }, "reason"],
    ["a field of no type", { body: '{"reason":"x"}' }, "reason"],
    ["a form", { body: new URLSearchParams({ reason: "x" }) }, "reason"],
    ["an array", { body: "[1]", headers: JSON_HEADERS }, ""],
    ["a text", { body: "because" }, ""],
  ])("refuses %s", async (_what, init, parameter) => {
    const problem = await expectProblem(await cancel(init), 400, "invalid_parameter");
    expect(problem["parameter"]).toBe(parameter);
  });
});

describe("a form of the console", () => {
  const page = async (path: string, init: CallInit = {}) => {
    const headers = { accept: "text/html", "accept-language": "es" };
    const response = await call(path, { cookie: await adminSession(), headers, ...init });
    return { status: response.status, html: await response.text() };
  };

  it("is refused in its reader's language, with the nearest name", async () => {
    const { status, html } = await page("/admin/tasks?statuss=FAILURE");
    expect(status).toBe(400);
    expect(html).toContain("«statuss» no dice nada aquí. ¿Querías decir «status»?");
    const english = await page("/admin/tasks?statuss=FAILURE&lang=en");
    expect(english.html).toContain("“statuss” says nothing here. Did you mean “status”?");
    const far = await page("/admin/tasks?xyzzy=1");
    expect(far.html).toContain("«xyzzy» no dice nada aquí: quítalo");
  });

  it("shows a hostile name as text", async () => {
    const { html } = await page(`/admin/tasks?${encodeURIComponent("<b>x</b>")}=1`);
    expect(html).toContain("&lt;b&gt;x");
  });

  it("leads back to the page without what is wrong in its address", async () => {
    const { html } = await page("/admin/failures?xyzzy=1");
    expect(html).toContain('<a class="button primary" href="/admin/failures">');
  });

  it("says first who may not see the page", async () => {
    const { cookie } = await person("viewer");
    expect((await page("/admin/keys?xyzzy=1", { cookie })).status).toBe(403);
  });

  it("takes one value where only one would count", async () => {
    const { status, html } = await page("/admin/tasks?status=FAILURE&status=SUCCESS");
    expect(status).toBe(400);
    expect(html).toContain("«status» se da más de una vez");
    const reason = ["one", "two"].map((value): [string, string] => ["reason", value]);
    const route = { method: "POST", path: "/admin/queues/:queue/pauses" };
    await expectBadParameter(await sendForm(route, reason), "reason");
  });

  it("is no JSON", async () => {
    const route = { method: "POST", path: "/admin/tasks/:id/retries" };
    await expectProblem(await send(route, "", { xyzzy: 1 }), 400, "invalid_form");
  });
});

describe("who may not", () => {
  const closed = strict.filter(
    (route) => isApi(route) && !/^\/api\/(auth\/(sign|get-session)|docs|openapi)/.test(route.path),
  );

  it.each(named(closed))("%s tells nobody what it knows", async (_name, route) => {
    const init: CallInit = { method: route.method };
    const response = await call(`${at(route)}?${UNKNOWN}=1`, init);
    // better-auth asks some of its callers for a body first.
    expect(route.path.startsWith("/api/auth/") ? [400, 401] : [401]).toContain(response.status);
    expect(await response.text()).not.toContain(UNKNOWN);
  });

  it("is told of the scope first", async () => {
    const key = await apiKey(["orders:read"]);
    await expectProblem(await call("/api/tasks/stats/?xyzzy=1", { key }), 403, "forbidden");
  });
});

it("leaves what is kept as sent to its sender", async () => {
  const key = await masterKey();
  const headers = JSON_HEADERS;
  const body = JSON.stringify({ ...anOrder(), xyzzy: 1 });
  const response = await call("/api/pedidos", { method: "POST", key, headers, body });
  expect(response.status).toBe(202);
});

it("lets each of better-auth's endpoints take what it describes, but for columns of one's own", () => {
  interface Endpoint {
    path: string;
    options: { body?: z.ZodType; query?: z.ZodType };
  }
  const described = new Map<string, string[]>();
  for (const each of Object.values(createAuth(env, ORIGIN, true).api)) {
    const { path, options } = each as unknown as Endpoint;
    described.set(path, namesIn(options.body ?? options.query));
  }
  for (const [path, names] of ENDPOINTS) {
    const theirs = described.get(path)?.filter((name) => name !== "data");
    expect(new Set(names), path).toEqual(new Set(theirs));
  }
});

function namesIn(schema: z.ZodType | undefined): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.keys(schema.shape);
  }
  if (schema instanceof z.ZodOptional) {
    return namesIn(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodIntersection ? namesIn(schema.def.left as z.ZodType) : [];
}

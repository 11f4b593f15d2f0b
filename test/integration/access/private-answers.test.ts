import { beforeAll, describe, expect, it } from "vitest";
import { call, type CallInit, masterKey, ORIGIN } from "../../support/api";
import { send } from "../../support/api-orders";
import { anOrder } from "../../support/orders";
import { person } from "../../support/people";
import { fill, nameOf, routeTable } from "../../support/route-table";

/** These answers are the same for all, and may be kept. */
const PUBLIC = new Set([
  "GET /assets/console.css",
  "GET /assets/page.js",
  "GET /task-monitor.js",
  "GET /api/openapi.json",
]);
const DEPENDS_ON = ["Accept", "Accept-Language", "Authorization", "Cookie", "Origin"];

function expectPrivate({ headers }: Response, what: string): void {
  expect(headers.get("cache-control"), what).toBe("no-store");
  expect(headers.get("vary")?.split(", "), what).toEqual(expect.arrayContaining(DEPENDS_ON));
}

let callers: CallInit[] = [];
let administrator: CallInit = {};
let batch = "";
beforeAll(async () => {
  administrator = { cookie: (await person("admin")).cookie };
  const reader = { cookie: (await person("viewer")).cookie };
  callers = [{}, { key: "pek_wrong" }, { key: await masterKey() }, reader, administrator];
  batch = (await send(JSON.stringify([anOrder()]))).lote;
});

const valueOf = (parameter: string) => (parameter === "lote" ? batch : "1");

const closed = routeTable.filter((route) => !PUBLIC.has(nameOf(route)));

describe.each(closed.map((route) => [nameOf(route), route] as const))("%s", (_name, route) => {
  it("is kept by nobody, whoever asks, and however", async () => {
    const path = fill(route.path, valueOf);
    const isRead = route.method === "GET";
    // A route that would do something is asked by another site's page, and refuses.
    const headers = {
      accept: "application/json",
      ...(isRead ? {} : { origin: "https://evil.example" }),
    };
    const own: CallInit = { method: route.method, headers };
    const probes: [path: string, init: CallInit][] = [
      ...callers.map((caller): [string, CallInit] => [path, { ...own, ...caller }]),
      ...[`${path}/`, `${path}?x=1`].map((other): [string, CallInit] => [
        other,
        { ...own, ...administrator },
      ]),
      ...["HEAD", "OPTIONS"].map((method): [string, CallInit] => [
        path,
        { ...own, method, ...administrator },
      ]),
      [path, { ...own, headers: { ...headers, accept: "text/html" }, ...administrator }],
    ];
    for (const [address, init] of probes) {
      const response = await call(address, init);
      expectPrivate(response, `${init.method} ${address} ${response.status}`);
    }
  });
});

it("that does something is kept by nobody either", async () => {
  const { email, cookie } = await person("operator");
  const post = (path: string, body: unknown, init: CallInit) =>
    call(path, {
      method: "POST",
      ...init,
      headers: { "content-type": "application/json", origin: ORIGIN },
      body: JSON.stringify(body),
    });
  const key = await masterKey();
  const signIn = { email, password: "a-person-of-the-tests" };
  for (const [path, body, init, status] of [
    ["/api/auth/sign-in/email", signIn, {}, 200],
    ["/api/auth/sign-in/email", { ...signIn, password: "wrong-password" }, {}, 401],
    ["/api/pedidos", [anOrder()], { key }, 202],
    ["/api/pedidos", "no order", { key }, 400],
    ["/api/live/tickets", {}, { key }, 201],
    ["/api/exports/", { formato: "csv" }, { cookie }, 202],
    ["/api/tasks/run/", {}, { cookie }, 400],
    ["/sign-out", {}, { cookie }, 303],
  ] as const) {
    const response = await post(path, body, init);
    expect(response.status, path).toBe(status);
    expectPrivate(response, path);
  }
  expectPrivate(await call("/nothing"), "what is not there");
});

describe("what is the same for all", () => {
  it.each(routeTable.filter((route) => PUBLIC.has(nameOf(route))).map(({ path }) => path))(
    "may be kept: %s",
    async (path) => {
      for (const caller of callers) {
        const response = await call(path, caller);
        const isSent = response.status === 200 && response.headers.getSetCookie().length === 0;
        const expected = isSent ? /^public, max-age=\d+/ : /^no-store$/;
        expect(response.headers.get("cache-control")).toMatch(expected);
      }
      expect((await call(path)).headers.get("cache-control")).toMatch(/^public/);
    },
  );

  it("is kept by nobody where it brings a reader's cookie", async () => {
    const { cookie } = await person("viewer");
    const token = cookie.split("; ").find((part) => part.includes("session_token")) ?? "";
    const response = await call("/api/openapi.json", { cookie: token });
    expect(response.headers.getSetCookie()).not.toEqual([]);
    expectPrivate(response, "openapi.json with a cookie");
  });
});

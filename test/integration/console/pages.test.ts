import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../../src/app";
import type { Role } from "../../../src/caller";
import { batchLink, isSignedBatch } from "../../../src/orders/batch-link";
import { processOrder } from "../../../src/orders/pipeline/task";
import { Engine } from "../../../src/tasks/model/engine";
import { adminSession, call, type CallInit, ORIGIN } from "../../support/api";
import { type Execution, processAll } from "../../support/api-orders";

const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const FORM = "application/x-www-form-urlencoded";

/** Visit is a call whose headers may be added to. */
type Visit = Omit<CallInit, "headers"> & { headers?: Record<string, string> };

/** Asks for a page as a browser does. */
function visit(path: string, init: Visit = {}): Promise<Response> {
  return call(path, { ...init, headers: { ...HTML, ...init.headers } });
}

/** Sends a form of this site as a browser does. */
function submit(path: string, fields: Record<string, string>, init: Visit = {}) {
  const headers = { "content-type": FORM, origin: ORIGIN, "sec-fetch-site": "same-origin" };
  return visit(path, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    ...init,
    headers: { ...headers, ...init.headers },
  });
}

async function person(role: Role): Promise<string> {
  const email = `${role}@example.com`;
  const password = "a-person-of-the-tests";
  const made = await call("/api/auth/admin/create-user", {
    method: "POST",
    cookie: await adminSession(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, name: role, role }),
  });
  expect(made.status).toBe(200);
  return cookiesOf(await submit("/sign-in", { email, password }));
}

function cookiesOf(response: Response): string {
  expect(response.status).toBe(303);
  const cookies = response.headers.getSetCookie();
  expect(cookies.length).toBeGreaterThan(0);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; Secure/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
  }
  return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
}

/**
 * The scene has a person of each role, an order that is stored and one that failed; it is made
 * once.
 */
let made: ReturnType<typeof make> | undefined;

function scene() {
  made ??= make();
  return made;
}

async function make() {
  const [viewer, operator] = [await person("viewer"), await person("operator")];
  const order = { id: 1, cliente: "ACME Corp", productos: [{ sku: "P001", cantidad: 2 }] };
  const tasks = await processAll([order, { id: 2, cliente: "ACME Corp", productos: [] }]);
  const [stored, failed] = tasks as [Execution, Execution];
  return { viewer, operator, admin: await adminSession(), stored, failed };
}

describe("pages for all", () => {
  it.for(["/", "/sign-in", "/nothing/here", "/pedidos/nothing"])(
    "%s is HTML under a policy that allows no inline script",
    async (path) => {
      const response = await visit(path);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      const text = await response.text();
      expect(text).not.toMatch(/ style=| on\w+=|<style|<script>/);
      expect(text).not.toMatch(/(src|href|action)="(https?:)?\/\//);
    },
  );

  it("an error is a page for a browser and a problem document for a program", async () => {
    const page = await visit("/nothing");
    expect(page.status).toBe(404);
    expect(await page.text()).toContain("not_found");
    const problem = await call("/nothing");
    expect(problem.status).toBe(404);
    expect(problem.headers.get("content-type")).toMatch(/problem\+json/);
    const api = await visit("/api/nothing");
    expect(api.headers.get("content-type")).toMatch(/problem\+json/);
  });

  it("a failure of ours is a page without its cause", async () => {
    const broken = {
      prepare: () => {
        throw new Error("secret cause");
      },
    };
    const response = await visit("/pedidos/iniciar", { env: { DB: broken } });
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("internal_error");
    expect(text).not.toContain("secret cause");
  });

  it("a bad configuration is a page too", async () => {
    const response = await visit("/", { env: { DEFAULT_LANGUAGE: "fr" } });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("invalid_configuration");
  });

  it("speaks the language of the address, the cookie, the browser, the deployment, in this order", async () => {
    const languageOf = async (path: string, init: Visit) =>
      /<html lang="(\w+)"/.exec(await (await visit(path, init)).text())?.[1];
    const browser = { "accept-language": "en-GB,en;q=0.9" };
    expect(await languageOf("/", {})).toBe("es");
    expect(await languageOf("/", { env: { DEFAULT_LANGUAGE: "en" } })).toBe("en");
    expect(await languageOf("/", { headers: browser })).toBe("en");
    expect(await languageOf("/", { headers: browser, cookie: "lang=es" })).toBe("es");
    expect(await languageOf("/?lang=en", { cookie: "lang=es" })).toBe("en");
    expect(await languageOf("/?lang=xx", { cookie: "lang=xx" })).toBe("es");
  });

  it("assets are kept for good under an address of their content", async () => {
    const text = await (await visit("/")).text();
    const assets = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(assets).toHaveLength(2);
    for (const path of assets) {
      const response = await call(path ?? "");
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.get("content-type")).toMatch(/^text\/(css|javascript)/);
      expect((await response.text()).length).toBeGreaterThan(1000);
    }
  });

  it("a page of another version gets this one's assets, and keeps them for no other page", async () => {
    for (const path of ["/assets/console-00000000.css", "/assets/page-ffffffff.js"]) {
      const response = await call(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect((await response.text()).length).toBeGreaterThan(1000);
    }
    expect((await call("/assets/other-00000000.css")).status).toBe(404);
  });
});

describe("preferences", () => {
  it("are kept in cookies and lead back", async () => {
    const fields = { theme: "dark", lang: "en", back: "/admin/tasks?q=a" };
    const response = await submit("/preferences", fields);
    expect(response.headers.get("location")).toBe("/admin/tasks?q=a");
    expect(cookiesOf(response)).toBe("lang=en; theme=dark");
  });

  it("lead nowhere else, and keep nothing unknown", async () => {
    const fields = { theme: "<b>", lang: "fr", back: "//evil.example" };
    const response = await submit("/preferences", fields);
    expect(response.headers.get("location")).toBe("/");
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("are not set by another site", async () => {
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await submit("/preferences", { lang: "en" }, { headers })).status).toBe(403);
  });
});

describe("sign-in", () => {
  it("goes on to where one was going, on this site only", async () => {
    const credentials = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    const on = async (next: string) =>
      (await submit("/sign-in", { ...credentials, next })).headers.get("location");
    expect(await on("/admin/orders?q=1")).toBe("/admin/orders?q=1");
    expect(await on("https://evil.example/")).toBe("/admin/tasks");
    expect(await on("/\\evil.example")).toBe("/admin/tasks");
  });

  it("says the same of an unknown address and of a wrong password, and keeps the address", async () => {
    const answers = await Promise.all(
      [env.ADMIN_EMAIL, "nobody@example.com", "not an address"].map(async (email) => {
        const response = await submit("/sign-in", { email, password: "wrong-password-1" });
        expect(response.status).toBe(401);
        const text = await response.text();
        expect(text).toContain(`value="${email}"`);
        return text.replaceAll(email, "");
      }),
    );
    expect(new Set(answers).size).toBe(1);
  });

  it("is not done for another site, with or without a session", async () => {
    const { viewer } = await scene();
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const fields = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    expect((await submit("/sign-in", fields, { headers })).status).toBe(403);
    expect((await submit("/sign-out", {}, { headers, cookie: viewer })).status).toBe(403);
  });

  it("is limited, and says when to try again", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.77" };
    const wrong = { email: "limited@example.com", password: "wrong-password-1" };
    let response = await submit("/sign-in", wrong, { headers });
    for (let attempt = 0; attempt < 25 && response.status === 401; attempt += 1) {
      response = await submit("/sign-in", wrong, { headers });
    }
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await response.text()).toContain("Demasiados intentos");
  });

  it("ends with sign-out", async () => {
    const credentials = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    const cookie = cookiesOf(await submit("/sign-in", credentials));
    expect((await visit("/admin/tasks", { cookie })).status).toBe(200);
    const out = await submit("/sign-out", {}, { cookie });
    expect(out.headers.get("location")).toBe("/sign-in?out=1");
    const token = cookie.split("; ").find((part) => part.includes("session_token")) ?? "";
    expect((await visit("/admin/tasks", { cookie: token })).status).toBe(303);
  });
});

describe("the console", () => {
  const app = createApp(new Engine([processOrder]));
  const pages = [
    ...new Set(
      app.routes
        .filter(({ method, path }) => method !== "ALL" && path.startsWith("/admin"))
        .map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, "1")}`),
    ),
  ].map((route) => route.split(" ", 2) as [method: string, path: string]);

  it("has the routes this walks", () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(pages).toContainEqual(["POST", "/admin/tasks/1/retries"]);
  });

  it.for([...pages, ["GET", "/admin/nothing"], ["POST", "/admin/x"]] as const)(
    "%s %s sends whoever is not signed in to sign in and come back",
    async ([method, path]) => {
      const response = method === "GET" ? await visit(path) : await submit(path, {}, { method });
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
    },
  );

  it("shows a viewer everything and lets them change nothing", async () => {
    const { viewer, failed } = await scene();
    const task = await visit(`/admin/tasks/${failed.task_id}`, { cookie: viewer });
    expect(task.status).toBe(200);
    expect(await task.text()).not.toMatch(/retries|cancellations/);
    const order = await visit("/admin/orders/1", { cookie: viewer });
    expect(order.status).toBe(200);
    expect(await order.text()).not.toContain("deletion");
    for (const path of [
      `/admin/tasks/${failed.task_id}/retries`,
      `/admin/tasks/${failed.task_id}/cancellations`,
      "/admin/orders/1/deletion",
    ]) {
      expect((await visit(path, { cookie: viewer })).status).toBe(403);
      const response = await submit(path, { reason: "because" }, { cookie: viewer });
      expect(response.status).toBe(403);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    }
  });

  it("lets an operator retry and cancel, not delete", async () => {
    const { operator, failed } = await scene();
    const path = `/admin/tasks/${failed.task_id}`;
    const text = await (await visit(path, { cookie: operator })).text();
    expect(text).toContain(`${path}/retries`);
    expect(text).not.toContain(`${path}/cancellations`);
    expect((await visit(`${path}/retries`, { cookie: operator })).status).toBe(200);
    const retried = await submit(`${path}/retries`, {}, { cookie: operator });
    expect(retried.status).toBe(303);
    expect(retried.headers.get("location")).toBe(`${path}?done=retry`);
    expect((await submit("/admin/orders/1/deletion", {}, { cookie: operator })).status).toBe(403);
  });

  it("answers 409 with the state that forbids it, 404 for what is not there", async () => {
    const { viewer, operator, stored } = await scene();
    const path = `/admin/tasks/${stored.task_id}`;
    const refused = await submit(`${path}/cancellations`, {}, { cookie: operator });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Exitosa");
    expect((await submit("/admin/tasks/x/retries", {}, { cookie: operator })).status).toBe(404);
    expect((await visit("/admin/orders/none", { cookie: viewer })).status).toBe(404);
  });

  it("does nothing that another site's page asks for", async () => {
    const { operator, failed } = await scene();
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const path = `/admin/tasks/${failed.task_id}/retries`;
    expect((await submit(path, {}, { headers, cookie: operator })).status).toBe(403);
  });

  it("names a bad filter on the page", async () => {
    const { viewer } = await scene();
    const bad = "/admin/tasks?status=NOPE&from=2026-02-31&lote=x&cursor=y";
    for (const path of [
      bad,
      "/admin/orders?to=tomorrow",
      "/admin/orders?from=2026-02-02&to=2026-02-01",
    ]) {
      const response = await visit(path, { cookie: viewer });
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(/aria-invalid="true"/);
    }
  });

  it("lets an administrator delete an order with a reason", async () => {
    const { admin, stored } = await scene();
    const without = await submit("/admin/orders/1/deletion", { reason: " x " }, { cookie: admin });
    expect(without.status).toBe(400);
    expect((await visit("/admin/orders/1", { cookie: admin })).status).toBe(200);
    const fields = { reason: "A test order" };
    const deleted = await submit("/admin/orders/1/deletion", fields, { cookie: admin });
    expect(deleted.headers.get("location")).toBe("/admin/orders?deleted=1");
    expect((await visit("/admin/orders/1", { cookie: admin })).status).toBe(404);
    const task = await visit(`/admin/tasks/${stored.task_id}`, { cookie: admin });
    expect(await task.text()).not.toContain('href="/admin/orders/1"');
  });
});

describe("the batch page", () => {
  it("opens with its signed link alone", async () => {
    const { stored } = await scene();
    const link = await batchLink(env, stored.lote);
    const response = await visit(link);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Exitosa");
    const other = "01a2b3c4-d5e6-7abc-8def-0123456789ab".slice(0, -4);
    const forged = [`/pedidos/lotes/${other}?${link.split("?")[1]}`, `${link}x`, link.slice(0, -1)];
    for (const path of [...forged, `/pedidos/lotes/${stored.lote}?k=`]) {
      expect((await visit(path)).status).toBe(403);
    }
  });

  it("asks for sign-in without a signature, and is open to who reads tasks", async () => {
    const { viewer, stored } = await scene();
    const path = `/pedidos/lotes/${stored.lote}`;
    expect((await visit(path)).headers.get("location")).toBe(
      `/sign-in?next=${encodeURIComponent(path)}`,
    );
    expect((await visit(path, { cookie: viewer })).status).toBe(200);
    const missing = "01a2b3c4-d5e6-7abc-8def-0123456789ab".slice(0, -4);
    expect((await visit(`/pedidos/lotes/${missing}`, { cookie: viewer })).status).toBe(404);
    expect((await visit("/pedidos/lotes/x", { cookie: viewer })).status).toBe(404);
  });

  it("takes no link signed with another secret", async () => {
    const { stored } = await scene();
    const other = { ...env, BETTER_AUTH_SECRET: "another-secret-of-more-than-32-characters" };
    const signature = (await batchLink(other, stored.lote)).split("k=")[1] ?? "";
    expect(await isSignedBatch(other, stored.lote, signature)).toBe(true);
    expect(await isSignedBatch(env, stored.lote, signature)).toBe(false);
  });

  it("is where the demo sends a browser; a program gets its JSON", async () => {
    const browser = await visit("/pedidos/iniciar", {
      headers: { "sec-fetch-site": "same-origin" },
    });
    expect(browser.status).toBe(303);
    expect(browser.headers.get("cache-control")).toBe("no-store");
    const location = browser.headers.get("location") ?? "";
    expect(location).toMatch(/^\/pedidos\/lotes\/[0-9a-f-]+\?k=[\w-]{43}$/);
    expect((await visit(location)).status).toBe(200);
    const program = await call("/pedidos/iniciar", { headers: { accept: "*/*" } });
    expect(program.status).toBe(200);
    expect(await program.json()).toMatchObject({ status: "ok" });
  });
});

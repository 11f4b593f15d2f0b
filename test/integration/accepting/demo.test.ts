import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { apiKey, call, expectBadParameter, expectProblem } from "../../support/api";
import { outcomesOf, storedRows } from "../../support/api-orders";

interface Started {
  status: string;
  message: string;
  ids_encolados: number[];
  lote: string;
  tareas: string[];
}

let visitors = 0;

/** Visits from an address of its own, so that no limit per visitor is met. */
async function visit(query = "", init: Parameters<typeof call>[1] = {}): Promise<Response> {
  visitors += 1;
  const headers = new Headers(init.headers);
  headers.set("cf-connecting-ip", `192.0.2.${visitors}`);
  return call(`/pedidos/iniciar${query}`, { ...init, headers });
}

async function start(query = "", init: Parameters<typeof call>[1] = {}): Promise<Started> {
  const response = await visit(query, init);
  expect(response.status).toBe(200);
  return response.json<Started>();
}

describe("GET /pedidos/iniciar", () => {
  it.each(["", "/"])("answers the ten orders it queued, with final slash %j", async (slash) => {
    const response = await visit(slash);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const started = await response.json<Started>();
    expect(started).toEqual({
      status: "ok",
      message: "10 pedidos dinámicos han sido encolados.",
      ids_encolados: Array.from({ length: 10 }, () => expect.any(Number)),
      lote: expect.any(String),
      tareas: Array.from({ length: 10 }, () => expect.any(String)),
    });
    expect(new Set(started.ids_encolados).size).toBe(10);
    for (const [index, id] of started.tareas.entries()) {
      expect(id.startsWith(started.lote)).toBe(true);
      const subject = env.DB.prepare("SELECT subject FROM tasks WHERE id = ?").bind(id);
      expect(await subject.first("subject")).toBe(String(started.ids_encolados[index]));
    }
  });

  it("brings all ten to their end, the first and the sixth empty on purpose", async () => {
    const { lote, tareas, ids_encolados } = await start();
    const tasks = await outcomesOf(lote, 10);
    expect(tasks.map((task) => task.task_id)).toEqual(tareas);
    expect(tasks.map((task) => task.pedido_id)).toEqual(ids_encolados.map(String));
    for (const [index, task] of tasks.entries()) {
      if (index === 0 || index === 5) {
        expect(task).toMatchObject({ status: "FAILURE", error_code: "empty_order" });
      } else if (task.status !== "SUCCESS") {
        expect(task).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
      }
    }
  });

  it("gives ids that follow the clock", async () => {
    const before = Date.now();
    const [first = 0] = (await start()).ids_encolados;
    expect(first).toBeGreaterThanOrEqual(before);
    expect(Number.isSafeInteger(first)).toBe(true);
  });

  it("gives no id twice, in one visit after another or in twenty at once", async () => {
    const one = await start();
    const two = await start();
    const many = await Promise.all(Array.from({ length: 20 }, () => start()));
    const all = [one, two, ...many];
    expect(new Set(all.flatMap((each) => each.ids_encolados)).size).toBe(220);
    expect(new Set(all.flatMap((each) => each.tareas)).size).toBe(220);
    expect(new Set(all.map((each) => each.lote)).size).toBe(22);
  });

  it.each<[string, RequestInit]>([
    ["HEAD", { method: "HEAD" }],
    ["Sec-Purpose: prefetch", { headers: { "sec-purpose": "prefetch" } }],
    ["Sec-Purpose of a prerender", { headers: { "sec-purpose": "prefetch;prerender" } }],
    ["Purpose: prefetch", { headers: { purpose: "prefetch" } }],
    ["Sec-Fetch-Site: cross-site", { headers: { "sec-fetch-site": "cross-site" } }],
    ["Purpose: preview", { headers: { purpose: "preview" } }],
    ["X-Purpose: preview", { headers: { "x-purpose": "preview" } }],
    ["X-Purpose: instant", { headers: { "x-purpose": "instant" } }],
    ["X-Moz: prefetch", { headers: { "x-moz": "prefetch" } }],
    ["Sec-Fetch-Dest: image", { headers: { "sec-fetch-dest": "image" } }],
    ["Sec-Fetch-Dest: iframe", { headers: { "sec-fetch-dest": "iframe" } }],
    ["POST", { method: "POST" }],
  ])("%s starts nothing", async (_name, init) => {
    const before = await storedRows();
    const response = await visit("", init);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get("cache-control") ?? "no-store").toBe("no-store");
    expect(await response.text()).not.toContain("lote");
    expect(await storedRows()).toEqual(before);
  });

  it("a link preview starts nothing", async () => {
    const before = await storedRows();
    const headers = { "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)" };
    const problem = await expectProblem(await visit("", { headers }), 403, "not_deliberate");
    expect(problem.detail).toContain("previews");
    const page = await visit("", { headers: { ...headers, accept: "text/html" } });
    expect(await page.text()).toContain("La demostración no ha empezado");
    expect(await storedRows()).toEqual(before);
  });

  it("a person's browser and a program start a batch", async () => {
    const browser = {
      "user-agent":
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
      accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      "sec-fetch-site": "none",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      "sec-fetch-user": "?1",
    };
    const opened = await visit("", { headers: browser });
    expect(opened.headers.get("location")).toMatch(/^\/pedidos\/lotes\//);
    await start("", { headers: { "user-agent": "curl/8.14.1", accept: "*/*" } });
  });

  it.each(["none", "same-origin"])("Sec-Fetch-Site: %s starts a batch", async (site) => {
    const { tareas } = await start("", { headers: { "sec-fetch-site": site } });
    expect(tareas).toHaveLength(10);
  });
});

describe("how many", () => {
  it.each([1, 10])("n=%i is for everyone", async (n) => {
    const started = await start(`?n=${n}`);
    expect(started.ids_encolados).toHaveLength(n);
    expect(started.tareas).toHaveLength(n);
    expect(started.message).toBe(`${n} pedidos dinámicos han sido encolados.`);
  });

  it("n=11 needs credentials", async () => {
    const before = await storedRows();
    await expectProblem(await visit("?n=11"), 401, "unauthorized");
    expect(await storedRows()).toEqual(before);
  });

  it("n=11 needs the scope orders:write", async () => {
    const key = await apiKey(["orders:read", "tasks:write"]);
    const before = await storedRows();
    const problem = await expectProblem(await visit("?n=11", { key }), 403, "forbidden");
    expect(problem.detail).toContain("orders:write");
    expect(await storedRows()).toEqual(before);
  });

  it("n=25 with it has two empty orders in every ten", async () => {
    const key = await apiKey(["orders:write"]);
    const { lote, ids_encolados } = await start("?n=25", { key });
    expect(new Set(ids_encolados).size).toBe(25);
    const tasks = await outcomesOf(lote, 25);
    const empty = tasks.flatMap((task, index) => (task.error_code === "empty_order" ? index : []));
    expect(empty).toEqual([0, 5, 10, 15, 20]);
  });

  it.each(["0", "-1", "x", "1.5", "", "100000", "1e9", "NaN"])("n=%s is refused", async (n) => {
    const key = await apiKey(["orders:write"]);
    const before = await storedRows();
    await expectBadParameter(await visit(`?n=${n}`, { key }), "n");
    expect(await storedRows()).toEqual(before);
  });

  it("a wrong key is refused, even for ten", async () => {
    const before = await storedRows();
    await expectProblem(await visit("", { key: "pek_wrong" }), 401, "invalid_key");
    expect(await storedRows()).toEqual(before);
  });
});

it.each(["GET", "HEAD"])("%s is not there when DEMO_ENABLED is false", async (method) => {
  const before = await storedRows();
  const response = await visit("", { method, env: { DEMO_ENABLED: "false" } });
  expect(response.status).toBe(404);
  if (method === "GET") {
    await expectProblem(response, 404, "demo_disabled");
  }
  expect(await storedRows()).toEqual(before);
});

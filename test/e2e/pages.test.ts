import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { APIRequestContext, Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeInBrowser,
  expectNoSideways,
  openBrowser,
  useBrowser,
  violations,
} from "./browser";
import { useCatalogue } from "./pages-catalogue";
import { type Server, startServer } from "./server";

const PASSWORD = "a-person-of-the-tests";
const ROLES = ["viewer", "operator", "admin"] as const;
const FLOOD = 5000;
const WIDE = "漢".repeat(255);
const SCRIPT = "<script>document.title='taken over'</script>";
const RTL = "שלום \u202eevil";
const MAX_PAGE_BYTES = 61_440;

interface Tarea {
  task_id: string;
  pedido_id: string | number | null;
}

type State = Awaited<ReturnType<APIRequestContext["storageState"]>>;

const line = (sku: string, cantidad = 1) => ({ sku, cantidad });

/** These orders are one of each kind that a person may have to look at. */
const ORDERS = {
  good: { id: "A-1", cliente: "ACME Corp", productos: [line("P010", 3), line("P020", 2)] },
  empty: { id: "A-2", cliente: "ACME Corp", productos: [] },
  script: { id: "<b>x</b>", cliente: SCRIPT, productos: [line("P001")] },
  path: { id: "a/b?c#d%41", cliente: WIDE, productos: [line("P002", 10_000)] },
  rtl: { id: "A-5", cliente: RTL, productos: [line("P003")] },
  badSku: { id: "A-6", cliente: "OsCorp", productos: [line(`<img src=x onerror=alert()>${RTL}`)] },
  wideSku: { id: "A-7", cliente: "OsCorp", productos: [line("漢".repeat(64))] },
  failing: { id: "A-8", cliente: "OsCorp", productos: [line("P013"), line("P001")] },
  duplicate: { id: "A-1", cliente: "ACME Corp", productos: [line("P001")] },
};
type Kind = keyof typeof ORDERS;

describeInBrowser("pages in a browser", () => {
  useBrowser();
  const catalogue = useCatalogue();
  let server: Server;
  let lote: string;
  const sessions = {} as Record<(typeof ROLES)[number], State>;
  const tasks = {} as Record<Kind, string>;

  const open = (visit: Parameters<typeof openBrowser>[1] = {}) => openBrowser(server.url, visit);
  const openAs = (role: (typeof ROLES)[number], visit: Parameters<typeof openBrowser>[1] = {}) =>
    open({ storageState: sessions[role], ...visit });

  beforeAll(async () => {
    server = await startServer({
      vars: {
        CATALOGUE_URL: catalogue.url,
        ORDER_RETRY_DELAY_SECONDS: "600",
        CATALOGUE_TTL_SECONDS: "0",
      },
    });
    await using admin = await open();
    const { request } = admin.context;
    const post = async (path: string, data: unknown) => {
      const response = await request.post(path, { data });
      expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
      return response;
    };
    await post("/api/auth/sign-in/email", server.admin);
    for (const role of ROLES) {
      const email = `${role}@people.example`;
      const data = { email, password: PASSWORD, name: role, role };
      await post("/api/auth/admin/create-user", data);
      await using person = await open();
      const credentials = { data: { email, password: PASSWORD } };
      await person.context.request.post("/api/auth/sign-in/email", credentials);
      sessions[role] = await person.context.storageState();
    }
    for (let first = 0; first < FLOOD; first += 1000) {
      const orders = Array.from({ length: 1000 }, (_, i) => ({
        id: first + i + 1,
        cliente: `Cliente ${(first + i) % 7}`,
        productos: i % 100 === 0 ? [] : [line(`P0${10 + (i % 3)}`, 1 + (i % 5))],
      }));
      await post("/api/pedidos", orders);
    }
    // The catalogue's failure is this order's own only while it answers for others.
    const sent = await post("/api/pedidos", Object.values(ORDERS));
    const answer = (await sent.json()) as { lote: string; tareas: Tarea[] };
    lote = answer.lote;
    Object.keys(ORDERS).forEach(
      (kind, i) => (tasks[kind as Kind] = answer.tareas[i]?.task_id ?? ""),
    );
    // One order waits to be retried, and all others end.
    while ((await countOpen(request)) > 1) {
      await sleep(250);
    }
  });

  describe("the front page and a batch", () => {
    it("follows a demo batch to its end without loading the page again", async () => {
      catalogue.latencyMs = 1500;
      await using visit = await open();
      const { page } = visit;
      await page.goto("/");
      await go(page.getByRole("button", { name: "Iniciar un lote de demostración" }));
      await page.waitForURL(/\/pedidos\/lotes\/.+\?k=/);
      await page.evaluate(() => (document.title = "not loaded again"));
      expect(await page.locator("tbody tr").count()).toBe(10);
      expect(await page.locator("[data-live]").getAttribute("data-live")).toBe("open");
      expect(await page.locator("noscript").innerHTML()).toContain("refresh");
      await page.locator('[data-live="ended"]').waitFor({ timeout: 60_000 });
      catalogue.latencyMs = 0;
      expect(await page.title()).toBe("not loaded again");
      expect(await page.locator("[data-status]").textContent()).toContain("10 de 10 terminados");
      expect(await page.locator("[data-announcer]").textContent()).toContain("10 de 10");
      expect(await page.getByText("empty_order").count()).toBe(2);
      expect(await page.locator(".stages").first().locator("li").count()).toBe(4);
      const ended = await batchSize(page.url());
      await page.reload();
      await sleep(2500);
      expect(await batchSize(page.url())).toBe(ended);
      expect(visit.problems).toEqual([]);
    });

    async function batchSize(url: string): Promise<number> {
      await using admin = await openAs("admin");
      const batch = new URL(url).pathname.split("/").at(-1) ?? "";
      const list = await admin.context.request.get(`/api/tasks/executions/?lote=${batch}`);
      return ((await list.json()) as { count: number }).count;
    }

    it("says so when it cannot refresh, and goes on when it can again", async () => {
      catalogue.latencyMs = 6000;
      await using visit = await open();
      const { page, context } = visit;
      await page.goto("/");
      await go(page.locator(".hero button"));
      await page.locator('[data-live="open"]').waitFor();
      await context.setOffline(true);
      await page.locator(".lost-note").waitFor({ state: "visible", timeout: 20_000 });
      await context.setOffline(false);
      await page.locator(".lost-note").waitFor({ state: "hidden", timeout: 20_000 });
      await page.locator('[data-live="ended"]').waitFor({ timeout: 60_000 });
      catalogue.latencyMs = 0;
    });
  });

  describe("signing in", () => {
    it("refuses a wrong password, keeps the address, and goes on to where one was going", async () => {
      await using visit = await open({ expected: [401] });
      const { page } = visit;
      await page.goto("/admin/orders?q=ACME");
      await page.getByLabel("Correo electrónico").fill("operator@people.example");
      await page.getByLabel("Contraseña").fill("wrong-password-1");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      expect(await page.getByLabel("Correo electrónico").inputValue()).toBe(
        "operator@people.example",
      );
      await page.getByLabel("Contraseña").fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.waitForURL("**/admin/orders?q=ACME");
      expect(await page.locator("header").textContent()).toContain("operator@people.example");
      await go(page.getByRole("button", { name: "Salir" }));
      await page.getByRole("status").waitFor();
      await page.goto("/admin/tasks");
      expect(page.url()).toContain("/sign-in?next=");
      expect(visit.problems).toEqual([]);
    });
  });

  describe("the task history", () => {
    it("filters by state, batch and day, searches, and keeps it all in the address", async () => {
      await using visit = await openAs("viewer");
      const { page } = visit;
      await page.goto("/admin/tasks");
      await page.getByLabel("Estado").selectOption({ label: "Fallida" });
      await page.getByLabel("Lote").fill(lote);
      await go(page.getByRole("button", { name: "Aplicar" }));
      expect(new URL(page.url()).searchParams.get("status")).toBe("FAILURE");
      expect(await page.locator("tbody tr").count()).toBe(4);
      expect(await page.getByLabel("Estado").inputValue()).toBe("FAILURE");
      await go(page.getByRole("link", { name: "Quitar filtros" }));
      expect(new URL(page.url()).search).toBe("");
      const found = async (text: string) => {
        await page.getByLabel("Buscar").fill(text);
        await page.getByLabel("Buscar").press("Enter");
        await page.waitForURL((url) => url.searchParams.get("q") === text);
        return page.locator("tbody tr").count();
      };
      expect(await found(tasks.good)).toBe(1);
      expect(await found("A-1")).toBe(2);
      expect(await found("already stored")).toBe(1);
      expect(await found("no such words")).toBe(0);
      await page.getByText("Ninguna tarea coincide").waitFor();
      await page.goto("/admin/tasks?to=2020-01-01");
      expect(await page.locator("tbody tr").count()).toBe(0);
      await page.goto("/admin/tasks?worker=nobody");
      await page.getByText("Esta página es corta").waitFor();
      expect(visit.problems).toEqual([]);
    });

    it("pages over 5,000 tasks and back, each seen once", async () => {
      await using visit = await openAs("viewer");
      const { page } = visit;
      const rows = () => page.locator("tbody th a").evaluateAll((links) => links.map(String));
      await page.goto("/admin/tasks?name=pedidos.procesar");
      await page.getByText("1.000+ en total").waitFor();
      const first = await rows();
      await go(page.getByRole("link", { name: "Anteriores" }));
      const second = await rows();
      await go(page.getByRole("link", { name: "Anteriores" }));
      expect(page.url()).toContain("name=pedidos.procesar");
      await go(page.getByRole("link", { name: "Más recientes" }));
      expect(await rows()).toEqual(second);
      await go(page.getByRole("link", { name: "Más recientes" }));
      expect(await rows()).toEqual(first);
      expect(visit.problems).toEqual([]);

      const seen: string[] = [];
      let next: string | undefined = "/admin/tasks";
      while (next !== undefined) {
        const text: string = await (await visit.context.request.get(next)).text();
        seen.push(
          ...[...text.matchAll(/href="\/admin\/tasks\/([0-9a-f-]{36})"/g)].map(
            ([, id]) => id ?? "",
          ),
        );
        next = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
      }
      expect(seen.length).toBeGreaterThan(FLOOD);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(seen.toSorted().toReversed());
    });
  });

  describe("a task's page", () => {
    it("tells why a task failed, what happened when, and what it was given", async () => {
      await using visit = await openAs("operator");
      const { page } = visit;
      await page.goto(`/admin/tasks/${tasks.empty}`);
      await page.getByRole("heading", { name: "Por qué falló" }).waitFor();
      const text = (await page.locator("main").textContent()) ?? "";
      for (const part of ["empty_order", "validate", "productos", "Fallida", '"id": "A-2"', "+"]) {
        expect(text).toContain(part);
      }
      expect(await page.locator(".timeline li").count()).toBe(3);
      await page.goto(`/admin/tasks/${tasks.duplicate}`);
      await go(page.getByRole("link", { name: "Duplica el pedido" }));
      expect(page.url()).toContain(tasks.good);
      await go(page.locator("dl").getByRole("link", { name: "A-1" }));
      expect(page.url()).toContain("/admin/orders/A-1");
      expect(visit.problems).toEqual([]);
    });

    it("lets an operator cancel and retry, each after asking", async () => {
      await using visit = await openAs("operator");
      const { page } = visit;
      await page.goto(`/admin/tasks/${tasks.failing}`);
      await page.getByText("Reintentando").waitFor();
      await go(page.getByRole("link", { name: "Cancelar" }));
      await go(page.getByRole("link", { name: "Volver sin hacer nada" }));
      await page.getByText("Reintentando").waitFor();
      await go(page.getByRole("link", { name: "Cancelar" }));
      await go(page.getByRole("button", { name: "Cancelar" }));
      await page.getByRole("status").waitFor();
      expect(await page.locator("h1").textContent()).toContain("Cancelada");
      expect(await page.locator(".box").textContent()).toContain("operator@people.example");
      await page.goto(`/admin/tasks/${tasks.empty}`);
      await go(page.getByRole("link", { name: "Reintentar" }));
      await go(page.getByRole("button", { name: "Reintentar" }));
      await page.getByRole("status").waitFor();
      await page.locator(".timeline").getByText("operator@people.example").waitFor();
      await page.locator("h1").getByText("Fallida").waitFor({ timeout: 20_000 });
      expect(visit.problems).toEqual([]);
    });

    it("shows a viewer no action, and the server refuses theirs", async () => {
      await using visit = await openAs("viewer", { expected: [403] });
      const { page } = visit;
      await page.goto(`/admin/tasks/${tasks.wideSku}`);
      expect(await page.locator(".actions a").count()).toBe(0);
      await page.goto("/admin/orders/A-5");
      expect(await page.locator(".actions a").count()).toBe(0);
      await page.goto(`/admin/tasks/${tasks.wideSku}/retries`);
      await page.getByRole("heading", { name: "Esto no te está permitido" }).waitFor();
      expect(visit.problems).toEqual([]);
    });
  });

  describe("processed orders", () => {
    it("filter by customer and show lines and sums", async () => {
      await using visit = await openAs("viewer");
      const { page } = visit;
      await page.goto("/admin/orders");
      await page.getByLabel("Cliente").fill("ACME Corp");
      await go(page.getByRole("button", { name: "Aplicar" }));
      await go(page.getByRole("link", { name: "A-1" }));
      // The order costs 3 x 105.00 + 2 x 210.00 = 735.00, which is above the threshold, so 10 %
      // less.
      const text = (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");
      for (const part of ["Product 10 <b>bold</b>", "315,00 USD", "735,00 USD", "−73,50 USD"]) {
        expect(text).toContain(part);
      }
      expect(text).toMatch(/Total 661,50 USD/);
      expect(text).toMatch(/[0-9a-f]{64}/);
      await go(page.locator("main dl a"));
      expect(page.url()).toContain(tasks.good);
      await page.goto("/admin/orders?q=Cliente+3");
      expect(await page.locator("tbody tr").count()).toBe(25);
      await go(page.getByRole("link", { name: "Anteriores" }));
      expect(await page.locator("tbody td:nth-child(2)").first().textContent()).toBe("Cliente 3");
      expect(visit.problems).toEqual([]);
    });

    it("are deleted by an administrator with a reason", async () => {
      await using visit = await openAs("admin", { expected: [404] });
      const { page } = visit;
      await page.goto("/admin/orders/77");
      await go(page.getByRole("link", { name: "Eliminar" }));
      await page.getByLabel("Motivo").fill("Pedido de prueba");
      await go(page.getByRole("button", { name: "Eliminar" }));
      await page.getByText("El pedido 77 está eliminado").waitFor();
      await page.goto("/admin/orders/77");
      await page.getByRole("heading", { name: "Este pedido no existe" }).waitFor();
      expect(visit.problems).toEqual([]);
    });
  });

  describe("hostile names and errors", () => {
    it("are shown as text", async () => {
      await using visit = await openAs("admin");
      const { page } = visit;
      const places = [
        "/admin/tasks",
        "/admin/orders",
        `/pedidos/lotes/${lote}`,
        ...Object.values(tasks).map((id) => `/admin/tasks/${id}`),
        ...["script", "path", "rtl"].map((kind) => orderPath(ORDERS[kind as Kind].id)),
        `${orderPath(ORDERS.path.id)}/deletion`,
        `/admin/tasks?q=${encodeURIComponent(`"><script>alert(1)</script>`)}`,
        `/admin/orders?deleted=${encodeURIComponent(SCRIPT)}`,
      ];
      for (const place of places) {
        const response = await page.goto(place);
        expect(response?.status(), place).toBe(200);
        expect(await page.title()).toContain("pedidos-edge");
        expect(await page.locator("main script, main img, main b").count(), place).toBe(0);
        await page.setViewportSize({ width: 390, height: 844 });
        await expectNoSideways(page);
        await page.setViewportSize({ width: 1280, height: 800 });
        await expectNoSideways(page);
      }
      await page.goto(orderPath(ORDERS.script.id));
      expect(await page.locator("main").textContent()).toContain(SCRIPT);
      await page.goto(orderPath(ORDERS.path.id));
      expect(await page.locator("main").textContent()).toContain(WIDE);
      await page.goto(`/admin/tasks/${tasks.rtl}`);
      expect(await page.locator("pre").first().textContent()).toContain("\\u202e");
      expect(visit.problems).toEqual([]);
    });
  });

  describe("language, theme and keyboard", () => {
    it("changes the language and the theme, and remembers both", async () => {
      await using visit = await openAs("viewer");
      const { page } = visit;
      await page.goto("/admin/tasks?status=FAILURE");
      await go(page.getByRole("button", { name: "Switch to English" }));
      await page.getByRole("heading", { name: "Task history" }).waitFor();
      expect(page.url()).toContain("status=FAILURE");
      expect(await page.locator("html").getAttribute("lang")).toBe("en");
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await go(page.getByRole("button", { name: "Theme" })); // The button chooses the light theme.
      expect(await ground()).toBe(light);
      await go(page.getByRole("button", { name: "Theme" })); // The button chooses the dark theme.
      const dark = await ground();
      expect(dark).not.toBe(light);
      await page.goto("/");
      expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
      await page.getByRole("heading", { name: "exactly once" }).waitFor();
      // The button chooses the browser's theme.
      await go(page.getByRole("button", { name: "Theme" }));
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await ground()).toBe(dark);
    });

    it("speaks the browser's language, and shows times in its zone", async () => {
      await using visit = await openAs("viewer", { locale: "en-US", timezoneId: "Asia/Tokyo" });
      const { page } = visit;
      await page.goto(`/admin/tasks/${tasks.good}`);
      await page.getByRole("heading", { name: "Timeline" }).waitFor();
      const time = page.locator("dl time").first();
      const at = new Date((await time.getAttribute("datetime")) ?? "");
      const tokyo = at.toLocaleTimeString("en-US", { timeZone: "Asia/Tokyo", timeStyle: "medium" });
      expect(await time.textContent()).toContain(tokyo);
      expect(await time.getAttribute("title")).toBe(at.toISOString());
    });

    it("is reached by keyboard, past the bar first", async () => {
      await using visit = await openAs("operator");
      const { page } = visit;
      await page.goto("/admin/tasks");
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").textContent()).toBe("Saltar al contenido");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").getAttribute("id")).toBe("q");
      const outline = await page
        .locator(":focus")
        .evaluate((it) => getComputedStyle(it).outlineStyle);
      expect(outline).not.toBe("none");
    });
  });

  describe("without JavaScript", () => {
    it("signs in, filters, retries and follows a batch", async () => {
      await using visit = await open({ javaScriptEnabled: false });
      const { page } = visit;
      await page.goto("/admin/tasks");
      await page.getByLabel("Correo electrónico").fill("operator@people.example");
      await page.getByLabel("Contraseña").fill(PASSWORD);
      await go(page.locator("main button"));
      await page.waitForURL("**/admin/tasks");
      await page.getByLabel("Buscar").fill("A-6");
      await go(page.getByRole("button", { name: "Aplicar" }));
      await go(page.locator("tbody th a"));
      expect(await page.locator("time").first().textContent()).toContain("UTC");
      await go(page.getByRole("link", { name: "Reintentar" }));
      await go(page.getByRole("button", { name: "Reintentar" }));
      await page.getByRole("status").waitFor();
      catalogue.latencyMs = 1500;
      await page.goto("/");
      await go(page.locator(".hero button"));
      await page.getByText("10 de 10 terminados").waitFor({ timeout: 60_000 });
      catalogue.latencyMs = 0;
      await go(page.getByRole("button", { name: "Salir" }));
      expect(page.url()).toContain("/sign-in");
    });
  });

  describe("every page", () => {
    const places = (): [name: string, path: string, role?: (typeof ROLES)[number]][] => [
      ["front page", "/"],
      ["API docs", "/api/docs"],
      ["sign-in", "/sign-in"],
      ["batch", `/pedidos/lotes/${lote}`, "operator"],
      ["task list", "/admin/tasks", "viewer"],
      ["failed tasks", "/admin/tasks?status=FAILURE", "viewer"],
      ["no task found", "/admin/tasks?q=nothing+like+it", "viewer"],
      ["bad filter", "/admin/tasks?from=x&lote=y", "viewer"],
      ["succeeded task", `/admin/tasks/${tasks.good}`, "operator"],
      ["failed task", `/admin/tasks/${tasks.duplicate}`, "operator"],
      ["retry", `/admin/tasks/${tasks.duplicate}/retries`, "operator"],
      ["order list", "/admin/orders", "viewer"],
      ["order", "/admin/orders/A-1", "admin"],
      ["deletion", "/admin/orders/A-1/deletion", "admin"],
      ["forbidden", "/admin/orders/A-1/deletion", "viewer"],
      ["not found", "/nothing"],
      ["bad link", `/pedidos/lotes/${lote}?k=x`],
    ];

    async function walk(look: (page: Page, name: string) => Promise<void>, as = {}) {
      for (const role of [undefined, ...ROLES]) {
        await using visit = await open({
          ...as,
          expected: [400, 403, 404],
          ...(role && { storageState: sessions[role] }),
        });
        for (const [name, path] of places().filter(([, , needed]) => needed === role)) {
          await visit.page.goto(path);
          await look(visit.page, name);
        }
        expect(visit.problems).toEqual([]);
      }
    }

    it.for(["light", "dark"] as const)("has nothing for axe to find, %s", async (colorScheme) => {
      const found: string[] = [];
      const look = async (page: Page, name: string) => {
        found.push(...(await violations(page)).map((violation) => `${name}: ${violation}`));
      };
      await walk(look, { colorScheme });
      await walk(look, { colorScheme, viewport: { width: 390, height: 844 } });
      expect(found).toEqual([]);
    });

    it("fits a phone 390 px wide, also in English", async () => {
      const viewport = { width: 390, height: 844 };
      await walk(expectNoSideways, { viewport });
      await walk(expectNoSideways, { viewport, locale: "en-US" });
    });

    it("weighs less than 60 KB with its style and script, and asks for nothing else", async () => {
      const weights: Record<string, string> = {};
      await walk(async (page, name) => {
        const bodies: Promise<Buffer>[] = [];
        const count = (response: { body(): Promise<Buffer> }) => bodies.push(response.body());
        page.on("response", count);
        await page.reload();
        page.off("response", count);
        const texts = await Promise.all(bodies);
        expect(texts.length, name).toBeLessThanOrEqual(3);
        const sent = texts.reduce((sum, text) => sum + gzipSync(text).byteLength, 0);
        const plain = texts.reduce((sum, text) => sum + text.byteLength, 0);
        // The platform compresses what it sends to browsers.
        expect(sent, name).toBeLessThan(MAX_PAGE_BYTES);
        weights[name] = `${plain} bytes, ${sent} gzipped`;
      });
      console.table(weights);
    });
  });
});

/** Clicks what leads to another page, and waits for that page. */
async function go(link: Locator): Promise<void> {
  const loaded = link.page().waitForEvent("load");
  await link.click();
  await loaded;
}

function orderPath(id: string): string {
  return `/admin/orders/${encodeURIComponent(id)}`;
}

async function countOpen(request: APIRequestContext): Promise<number> {
  let count = 0;
  for (const status of ["PENDING", "STARTED", "RETRY"]) {
    const list = await request.get(`/api/tasks/executions/?status=${status}&limit=1`);
    count += ((await list.json()) as { count: number }).count;
  }
  return count;
}

import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import {
  describeInBrowser,
  openBrowser,
  useBrowser,
  violations,
  type Session,
  signIn,
} from "./browser";
import { type Server, startServer } from "./server";

const ORDERS = 300;
const MAX_PAGE_BYTES = 61_440;

describeInBrowser("the dashboard and its pages in a browser", () => {
  useBrowser();
  let server: Server;
  let session: Session;

  const open = (visit: Parameters<typeof openBrowser>[1] = {}) =>
    openBrowser(server.url, { storageState: session, ...visit });

  beforeAll(async () => {
    server = await startServer();
    await using admin = await openBrowser(server.url);
    const { request } = admin.context;
    session = await signIn(request, server.admin);
    const orders = Array.from({ length: ORDERS }, (_, i) => ({
      id: i + 1,
      cliente: "ACME Corp",
      productos: i % 10 === 0 ? [] : [{ sku: "P001", cantidad: 1 }],
    }));
    expect((await request.post("/api/pedidos", { data: orders })).status()).toBe(202);
    const open = async () => {
      const info = await request.get("/api/tasks/info");
      return ((await info.json()) as { totals: Record<string, number> }).totals["PENDING"];
    };
    while (await open()) {
      await sleep(100);
    }
  });

  it("says that all is well, shows what happened, and the same figures as a table", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin");
    await page.getByRole("heading", { name: "Todo va bien" }).waitFor();
    expect(await page.getByRole("img").count()).toBe(3);
    const chart = page.locator("#throughput");
    await chart.getByText("Ver las cifras").click();
    const figures = await chart.locator("tbody td").allTextContents();
    const sum = figures.reduce((total, text) => total + Number(text), 0);
    expect(sum).toBe(ORDERS + ORDERS * 0.9);
    await go(page.getByRole("link", { name: "24 horas" }));
    expect(new URL(page.url()).search).toBe("?range=day");
    await go(page.locator("#errors").getByRole("link", { name: "empty_order" }));
    expect(await page.locator("tbody tr").count()).toBe(25);
    await page.goto("/admin");
    await go(page.locator("#modules").getByRole("link", { name: "pedidos" }));
    await page.getByRole("heading", { name: "Módulo pedidos" }).waitFor();
    expect(visit.problems).toEqual([]);
  });

  it("pauses a queue, says so on the dashboard, and resumes it, without JavaScript", async () => {
    await using visit = await open({ javaScriptEnabled: false });
    const { page } = visit;
    await page.goto("/admin/queues");
    await go(page.locator("#queue-tasks").getByRole("link", { name: "Pausar" }));
    await page.getByLabel("Motivo").fill("Mantenimiento");
    await go(page.getByRole("button", { name: "Pausar" }));
    await page.getByText("Mantenimiento").waitFor();
    await page.goto("/admin");
    await page.getByText("La cola tasks está en pausa").waitFor();
    await page.goto("/admin/queues");
    await go(page.getByRole("link", { name: "Reanudar" }));
    await go(page.getByRole("button", { name: "Reanudar" }));
    await page.getByText("La cola tasks está en marcha").waitFor();
  });

  it("runs an order from its form, and a template of it", async () => {
    await using visit = await open({ expected: [400] });
    const { page } = visit;
    await page.goto("/admin/run");
    await go(page.getByRole("link", { name: "Ejecutar pedidos.procesar" }));
    const input = page.getByLabel("Entrada");
    const example = await input.inputValue();
    await input.fill("{");
    await go(page.getByRole("button", { name: "Ejecutar" }));
    await page.getByText("No es JSON válido").waitFor();
    expect(await input.inputValue()).toBe("{");
    await input.fill(example);
    await go(page.getByRole("button", { name: "Ejecutar" }));
    await page.waitForURL(/\/admin\/tasks\/[0-9a-f-]{36}$/);
    await page.locator("h1").getByText("Exitosa").waitFor({ timeout: 20_000 });

    await page.goto("/admin/run");
    await go(page.getByRole("link", { name: "Nueva plantilla" }));
    await page.getByLabel("Nombre").fill("De prueba");
    await page.getByLabel("Entrada").fill('{"id": "T-1", "cliente": "ACME", "productos": []}');
    await go(page.getByRole("button", { name: "Guardar" }));
    await go(page.getByRole("link", { name: "Ejecutar De prueba" }));
    await go(page.getByRole("button", { name: "Ejecutar" }));
    await page.locator("h1").getByText("Fallida").waitFor({ timeout: 20_000 });
    expect(visit.problems).toEqual([]);
  });

  const PAGES = [
    "/admin",
    "/admin?range=month",
    "/admin/modules/pedidos",
    "/admin/queues",
    "/admin/queues/tasks/pauses",
    "/admin/run",
    "/admin/run/tasks/pedidos.procesar",
    "/admin/run/templates",
    "/admin/run/templates?task=",
  ];

  it.for([
    ["light", 1280],
    ["dark", 390],
    ["dark", 1920],
  ] as const)("has nothing for axe to find and nothing sticks out, %s at %i px", async (as) => {
    const [colorScheme, width] = as;
    await using visit = await open({ colorScheme, viewport: { width, height: 850 } });
    const found: string[] = [];
    for (const path of PAGES) {
      await visit.page.goto(path);
      found.push(...(await violations(visit.page)).map((violation) => `${path}: ${violation}`));
      expect(await wideness(visit.page), path).toBeLessThanOrEqual(width);
    }
    expect(found).toEqual([]);
    expect(visit.problems).toEqual([]);
  });

  it("weighs less than 60 KB a page as it is sent, with style and script", async () => {
    await using visit = await open();
    for (const path of PAGES) {
      const bodies: Promise<Buffer>[] = [];
      const count = (response: { body(): Promise<Buffer> }) => bodies.push(response.body());
      visit.page.on("response", count);
      await visit.page.goto(path);
      visit.page.off("response", count);
      const texts = await Promise.all(bodies);
      const sent = texts.reduce((sum, text) => sum + gzipSync(text).byteLength, 0);
      expect(sent, path).toBeLessThan(MAX_PAGE_BYTES);
    }
  });
});

/** Returns how far the page's content reaches, without the bar above it, which all pages have. */
function wideness(page: Page): Promise<number> {
  return page
    .locator("main")
    .evaluate((main) =>
      Math.max(...[main, ...main.querySelectorAll("*:not(.unseen)")].map((it) => it.scrollWidth)),
    );
}

/** Clicks what leads to another page, and waits for that page. */
async function go(link: Locator): Promise<void> {
  const loaded = link.page().waitForEvent("load");
  await link.click();
  await loaded;
}

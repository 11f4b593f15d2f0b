import { gzipSync } from "node:zlib";
import type { APIRequestContext, Page, WebSocketRoute } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeInBrowser,
  openBrowser,
  useBrowser,
  violations,
  type Session,
  signIn,
} from "./browser";
import { useCatalogue } from "./pages-catalogue";
import { hasReact } from "./react";
import { type Server, startServer } from "./server";
import { useShop } from "./shop";

const MAX_MONITOR_BYTES = 8192;

describeInBrowser("live pages", () => {
  useBrowser();
  const catalogue = useCatalogue();
  const shop = useShop();
  let server: Server;
  let session: Session;

  beforeAll(async () => {
    const vars = {
      CATALOGUE_URL: catalogue.url,
      CATALOGUE_TTL_SECONDS: "0",
      ALLOWED_ORIGINS: shop.url,
    };
    server = await startServer({ vars });
    shop.server = server.url;
    await using admin = await openBrowser(server.url);
    const { request } = admin.context;
    session = await signIn(request, server.admin);
    const made = await request.post("/api/keys/", {
      data: { name: "shop", scopes: ["tasks:read"] },
    });
    ({ key: shop.key } = (await made.json()) as { key: string });
  });

  const open = () => openBrowser(server.url);
  const openAsAdmin = () => openBrowser(server.url, { storageState: session });

  async function sendOrders(request: APIRequestContext, count: number): Promise<string> {
    const data = Array.from({ length: count }, (_, i) => ({
      id: `L-${Date.now()}-${i}`,
      cliente: "ACME Corp",
      productos: [{ sku: `P0${10 + (i % 3)}`, cantidad: 1 }],
    }));
    const sent = await request.post("/api/pedidos", { data });
    return ((await sent.json()) as { lote: string }).lote;
  }

  async function startDemo(page: Page): Promise<void> {
    await page.goto("/");
    await page.locator(".hero button").click();
    await page.locator('[data-live="open"]').waitFor();
  }

  /** Counts how often the page itself is asked for. */
  function countReads(page: Page): { reads: number } {
    const count = { reads: 0 };
    page.on("request", (request) => {
      count.reads += request.url().includes("/pedidos/lotes/") ? 1 : 0;
    });
    return count;
  }

  describe("the batch page", () => {
    it("shows orders at their stages over a socket, for whoever has only the link", async () => {
      catalogue.latencyMs = 4000;
      await using visit = await open();
      const { page } = visit;
      const sockets: string[] = [];
      page.on("websocket", (socket) => sockets.push(socket.url()));
      await startDemo(page);
      // Only the socket can tell what is done of an order, as that is not stored before its end.
      await page.locator('[data-live="open"] [data-stage="validate"].is-done').first().waitFor();
      expect(await page.locator('[data-stage="validate"].is-done').count()).toBe(8);
      expect(await page.locator(".badge.is-started").count()).toBe(10);
      expect(await page.locator('[data-stage="enrich"].is-done').count()).toBe(0);
      await page.locator('[data-live="ended"]').waitFor({ timeout: 30_000 });
      catalogue.latencyMs = 0;
      expect(await page.locator("[data-status]").textContent()).toContain("10 de 10 terminados");
      expect(await page.locator("[data-announcer]").textContent()).toContain("10 de 10");
      expect(sockets).toHaveLength(1);
      expect(sockets[0]).toContain("ticket=");
      expect(visit.problems).toEqual([]);
    });

    it("comes back after being offline, and says so meanwhile", async () => {
      catalogue.latencyMs = 6000;
      await using visit = await open();
      const { page, context } = visit;
      await startDemo(page);
      await page.locator(".badge.is-started").first().waitFor();
      await context.setOffline(true);
      await page.locator(".lost-note").waitFor({ state: "visible" });
      expect(await page.locator("[data-announcer]").textContent()).toContain("Sin conexión");
      await context.setOffline(false);
      await page.locator(".lost-note").waitFor({ state: "hidden" });
      await page.locator('[data-live="ended"]').waitFor({ timeout: 30_000 });
      catalogue.latencyMs = 0;
    });

    it("polls where sockets are refused", async () => {
      catalogue.latencyMs = 5000;
      await using visit = await openBrowser(server.url);
      const { page } = visit;
      await page.routeWebSocket(/\/api\/live/, (socket: WebSocketRoute) => {
        void socket.close();
      });
      await startDemo(page);
      await page.locator('[data-live="ended"]').waitFor({ timeout: 40_000 });
      catalogue.latencyMs = 0;
      expect(await page.locator(".lost-note").isVisible()).toBe(false);
    });

    it("does not read itself again and again under a load", async () => {
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      const lote = await sendOrders(context.request, 2000);
      const count = countReads(page);
      await page.goto(`/pedidos/lotes/${lote}`);
      await page.locator('[data-live="ended"]').waitFor({ timeout: 60_000 });
      const seconds = await page.evaluate(() => performance.now() / 1000);
      expect(count.reads).toBeLessThan(seconds + 4);
      expect(visit.problems).toEqual([]);
    });
  });

  describe("the console", () => {
    it("puts new tasks on the list, and keeps the keyboard where it was", async () => {
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      await sendOrders(context.request, 3);
      await page.goto("/admin/tasks");
      const focused = page.locator("tbody th a").first();
      const href = await focused.getAttribute("href");
      await focused.focus();
      await page.evaluate(() => (document.title = "not loaded again"));
      const lote = await sendOrders(context.request, 2);
      const row = page.locator(`tr[data-task="${lote}0001"]`);
      await row.locator(".badge.is-success").waitFor();
      expect(await page.title()).toBe("not loaded again");
      const active = await page.evaluate(() => document.activeElement?.getAttribute("href"));
      expect(active).toBe(href);
      expect(await violations(page)).toEqual([]);
      expect(visit.problems).toEqual([]);
    });

    it("shows a task's end on its page", async () => {
      catalogue.latencyMs = 2500;
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      const lote = await sendOrders(context.request, 1);
      await page.goto(`/admin/tasks/${lote}0000`);
      await page.locator("h1 .badge.is-started").waitFor();
      await page.locator('[data-live="ended"]').waitFor({ timeout: 20_000 });
      expect(await page.locator("h1 .badge.is-success").count()).toBe(1);
      expect(await page.locator(".timeline li").count()).toBeGreaterThan(5);
      catalogue.latencyMs = 0;
      expect(visit.problems).toEqual([]);
    });
  });

  describe("without being read anew after half a minute,", () => {
    const SOON = { timeout: 10_000 };
    /** What came before, and what a new socket may have missed, is read by then. */
    const SETTLED_MS = 4000;

    it("the queues and the dashboard show a pause, and its end", async () => {
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      const dashboard = await context.newPage();
      await page.goto("/admin/queues");
      await dashboard.goto("/admin");
      await page.evaluate(() => (document.title = "not loaded again"));
      await page.waitForTimeout(SETTLED_MS);
      const queue = "/api/tasks/queues/tasks";
      const paused = page.locator("#queue-tasks .badge.is-retry");
      const pausedThere = dashboard.locator("#queues .badge.is-retry");
      await context.request.post(`${queue}/pause`, { data: { reason: "De una prueba" } });
      await Promise.all([paused.waitFor(SOON), pausedThere.waitFor(SOON)]);
      await page.getByText("De una prueba").waitFor();
      await context.request.post(`${queue}/resume`);
      const gone = { state: "detached", ...SOON } as const;
      await Promise.all([paused.waitFor(gone), pausedThere.waitFor(gone)]);
      expect(await page.title()).toBe("not loaded again");
      expect([...(await violations(page)), ...(await violations(dashboard))]).toEqual([]);
      expect(visit.problems).toEqual([]);
    });

    it("a list shows that a failure was given up on", async () => {
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      const data = [{ id: `D-${Date.now()}`, cliente: "ACME Corp", productos: [] }];
      const sent = await context.request.post("/api/pedidos", { data });
      const { tareas } = (await sent.json()) as { tareas: { task_id: string }[] };
      const id = tareas[0]?.task_id ?? "";
      await page.goto("/admin/tasks?discarded=no");
      const row = page.locator(`tr[data-task="${id}"]`);
      await row.locator(".badge.is-failure").waitFor();
      await page.waitForTimeout(SETTLED_MS);
      await context.request.post(`/api/tasks/discard/${id}/`, { data: { reason: "A test" } });
      await row.waitFor({ state: "detached", ...SOON });
      expect(visit.problems).toEqual([]);
    });
  });

  describe("<task-monitor>", () => {
    it("is one script under 8 KB gzipped that asks for nothing else", async () => {
      const script = await (await fetch(`${server.url}/task-monitor.js`)).text();
      expect(gzipSync(script).byteLength).toBeLessThan(MAX_MONITOR_BYTES);
      console.log(`task-monitor.js: ${gzipSync(script).byteLength} bytes gzipped`);
      expect(script).not.toMatch(/^import /m);
    });

    const openShop = () => openBrowser(shop.url);
    const foreign = (problem: string) => !problem.startsWith(`Asked another host: ${server.url}`);

    async function watchOrders(page: Page): Promise<string> {
      await using admin = await openAsAdmin();
      const lote = await sendOrders(admin.context.request, 2);
      const items = page.locator("task-monitor li");
      await items.locator("text=Succeeded").nth(1).waitFor();
      return lote;
    }

    it("shows tasks live in a plain page of another site, with tickets for just these", async () => {
      await using visit = await openShop();
      const { page } = visit;
      const sockets: string[] = [];
      page.on("websocket", (socket) => sockets.push(socket.url()));
      await page.goto("/plain?module=pedidos&limit=2&ticket-url=/ticket%3Fmodule=pedidos");
      await page.getByText("Tasks", { exact: true }).waitFor();
      await page.getByText(/^\d+ active workers?$/).waitFor();
      await watchOrders(page);
      expect(await page.locator("task-monitor li").count()).toBe(2);
      expect(
        await page.locator("task-monitor [role=progressbar]").first().getAttribute("aria-valuenow"),
      ).toBe("100");
      expect(await page.locator("task-monitor button:visible").count()).toBe(0);
      expect(sockets.length).toBe(1);
      expect(sockets[0]).toContain("module=pedidos");
      expect(shop.tickets).toBeGreaterThanOrEqual(2);
      expect(await violations(page)).toEqual([]);
      expect(visit.problems.filter(foreign)).toEqual([]);
    });

    it("is of no use to a site without a ticket", async () => {
      await using visit = await openShop();
      const { page } = visit;
      await page.goto("/plain?module=pedidos");
      await page.getByText("No connection").waitFor();
      expect(await page.locator("task-monitor li").count()).toBe(0);
    });

    it.skipIf(!hasReact)("lives in a React page: props change it, unmounting ends it", async () => {
      await using visit = await openShop();
      const { page } = visit;
      let closed = 0;
      page.on("websocket", (socket) => socket.on("close", () => (closed += 1)));
      await page.goto("/react?module=pedidos&lang=en&ticket-url=/ticket");
      await watchOrders(page);
      await page.locator("#fewer").click();
      await page.locator("task-monitor li").nth(1).waitFor({ state: "detached" });
      expect(await page.locator("task-monitor li").count()).toBe(1);
      const before = closed;
      await page.locator("#toggle").click();
      await expect.poll(() => closed).toBe(before + 1);
      expect(visit.problems.filter(foreign)).toEqual([]);
    });

    it("cancels an open task on its own site, in the reader's language", async () => {
      catalogue.latencyMs = 8000;
      await using visit = await openAsAdmin();
      const { page, context } = visit;
      const body = `<html lang="es"><title>Own</title><task-monitor limit="1"></task-monitor>
        <script type="module" src="/task-monitor.js"></script></html>`;
      await page.route("**/own", (route) => route.fulfill({ contentType: "text/html", body }));
      await page.goto("/own");
      await sendOrders(context.request, 1);
      await page.getByRole("button", { name: /^Cancelar: pedidos\.procesar L-/ }).click();
      await page.locator("task-monitor").getByText("Cancelada").waitFor();
      catalogue.latencyMs = 0;
    });
  });
});

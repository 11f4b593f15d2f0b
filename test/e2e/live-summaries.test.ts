import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { APIRequestContext, Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeInBrowser,
  openBrowser,
  useBrowser,
  violations,
  type Session,
  signIn,
} from "./browser";
import { type Server, startServer } from "./server";

const SEEDED = 20;
/**
 * These are the least time between two reads of such a page, and the most between two without an
 * event.
 */
const GAP_MS = 3000;
const BACKSTOP_MS = 30_000;

describeInBrowser("live pages of sums", () => {
  useBrowser();
  let server: Server;
  let session: Session;
  let sent = 0;

  const open = (visit: Parameters<typeof openBrowser>[1] = {}) =>
    openBrowser(server.url, { storageState: session, ...visit });

  beforeAll(async () => {
    server = await startServer();
    await using admin = await openBrowser(server.url);
    const { request } = admin.context;
    session = await signIn(request, server.admin);
    await fail(request, { empty: 3, unknown: 2, good: SEEDED });
    while ((await failures(request)) < 5) {
      await sleep(100);
    }
  });

  async function failures(request: APIRequestContext): Promise<number> {
    const list = await request.get("/api/tasks/executions/?status=FAILURE");
    return ((await list.json()) as { count: number }).count;
  }

  /** Sends orders that fail for one reason or another, or do not. */
  async function fail(
    request: APIRequestContext,
    { empty = 0, unknown = 0, good = 0 }: { empty?: number; unknown?: number; good?: number },
  ): Promise<string> {
    const line = (sku: string) => [{ sku, cantidad: 1 }];
    const lines = [
      ...Array.from({ length: empty }, () => []),
      ...Array.from({ length: unknown }, () => line("nothing like it")),
      ...Array.from({ length: good }, () => line("P001")),
    ];
    const data = lines.map((productos) => ({
      id: `S-${(sent += 1)}`,
      cliente: "ACME Corp",
      productos,
    }));
    const answer = await request.post("/api/pedidos", { data });
    expect(answer.status()).toBe(202);
    return ((await answer.json()) as { lote: string }).lote;
  }

  describe("the dashboard", () => {
    it("shows new failures above, and leaves the reader where they were", async () => {
      const viewport = { width: 1280, height: 300 };
      await using visit = await open({ viewport, reducedMotion: "reduce" });
      const { page, context } = visit;
      await page.goto("/admin");
      await mark(page);
      const failed = page.locator('#states [data-key="FAILURE"] strong');
      const before = Number(await failed.textContent());
      await page.locator("#failures summary").click();
      const link = page.locator("#modules tbody a").first();
      await link.focus();
      await link.evaluate((it) => it.closest("section")?.scrollIntoView());
      const seenAt = await page.locator(".as-of time").getAttribute("datetime");
      const placed = await topOf(link);
      const lote = await fail(context.request, { empty: 1 });
      await page.locator(`#recent-failures [data-task="${lote}0000"]`).waitFor();
      expect(await failed.textContent()).toBe(String(before + 1));
      expect(await page.locator(".as-of time").getAttribute("datetime")).not.toBe(seenAt);
      expect(await isFocused(link)).toBe(true);
      expect(Math.abs((await topOf(link)) - placed)).toBeLessThan(2);
      expect(await page.locator("#failures details").getAttribute("open")).not.toBeNull();
      expect(await page.locator("#failures tbody tr").count()).toBeGreaterThan(0);
      expect(await isMarked(page)).toBe(true);
      expect(await violations(page)).toEqual([]);
      expect(visit.problems).toEqual([]);
    });

    it("shows a queue that stalls, of which no event tells, and says so", async () => {
      await using visit = await open();
      const { page } = visit;
      await page.goto("/admin");
      await mark(page);
      await page.locator("#health.is-bad").waitFor({ state: "hidden" });
      forgetTask(server.persistTo);
      const patience = { timeout: BACKSTOP_MS + 15_000 };
      await page.locator("#health").getByText("La cola tasks está parada").waitFor(patience);
      const said = page.locator("[data-announcer]");
      await expect.poll(() => said.textContent(), patience).toContain("La cola tasks está parada");
      expect(await isMarked(page)).toBe(true);
      expect(visit.problems).toEqual([]);
      await page.goto("/admin/queues");
      await page.locator("#queue-tasks .notice.is-bad").waitFor();
    });

    it("is read every few seconds at most, however much happens", async () => {
      await using visit = await open();
      const { page, context } = visit;
      await page.goto("/admin");
      const count = countReads(page);
      const started = Date.now();
      for (let batch = 0; batch < 8; batch += 1) {
        await fail(context.request, { good: 250 });
        await page.waitForTimeout(500);
      }
      const done = page.locator('#states [data-key="SUCCESS"] strong');
      await expect.poll(() => done.textContent(), { timeout: 40_000 }).toBe(`2.0${SEEDED}`);
      expect(count.reads).toBeGreaterThan(0);
      expect(count.reads).toBeLessThanOrEqual((Date.now() - started) / GAP_MS + 1);
    });

    it("is left alone while nobody looks, and is up to date when somebody does", async () => {
      await using visit = await open();
      const { page, context } = visit;
      await page.goto("/admin");
      await page.waitForTimeout(GAP_MS + 1500); // The page reads once after the socket's opening.
      await hide(page, true);
      const count = countReads(page);
      const lote = await fail(context.request, { unknown: 1 });
      await page.waitForTimeout(GAP_MS + 2000);
      expect(count.reads).toBe(0);
      await hide(page, false);
      await page.locator(`#recent-failures [data-task="${lote}0000"]`).waitFor();
      expect(count.reads).toBeGreaterThan(0);
    });

    it("says when it is offline, and comes back", async () => {
      await using visit = await open();
      const { page, context } = visit;
      await page.goto("/admin");
      await context.setOffline(true);
      await page.locator(".lost-note").waitFor({ state: "visible" });
      expect(await page.locator("[data-announcer]").textContent()).toContain("Sin conexión");
      await context.setOffline(false);
      await page.locator(".lost-note").waitFor({ state: "hidden" });
      const lote = await fail(context.request, { empty: 1 });
      await page.locator(`#recent-failures [data-task="${lote}0000"]`).waitFor();
    });
  });

  it("puts groups of failures in order, and the focus moves along", async () => {
    await using visit = await open();
    const { page, context } = visit;
    await page.goto("/admin/failures");
    await mark(page);
    const groups = page.locator("tbody tr");
    const codes = () => groups.locator("code").allTextContents();
    expect(await codes()).toEqual(["empty_order", "unknown_sku"]);
    const link = groups.nth(1).getByRole("link", { name: "Ver las tareas" });
    await link.focus();
    await page.getByLabel("Módulo").selectOption("pedidos");
    await link.focus();
    await fail(context.request, { unknown: 9 });
    await expect.poll(codes, { timeout: 15_000 }).toEqual(["unknown_sku", "empty_order"]);
    const focused = await page.evaluate(() => document.activeElement?.closest("tr")?.textContent);
    expect(focused).toContain("unknown_sku");
    expect(await page.getByLabel("Módulo").inputValue()).toBe("pedidos");
    await expect
      .poll(() => page.locator("[data-announcer]").textContent(), { timeout: 20_000 })
      .toContain("Fallos por atender");
    expect(await isMarked(page)).toBe(true);
    expect(visit.problems).toEqual([]);
  });

  it("shows what another person does to a queue", async () => {
    await using visit = await open();
    await using other = await open();
    const { page } = visit;
    await page.goto("/admin/queues");
    await mark(page);
    const pause = other.context.request.post("/api/tasks/queues/tasks/pause/", {
      data: { reason: "Mantenimiento" },
    });
    expect((await pause).ok()).toBe(true);
    await fail(other.context.request, { good: 1 }); // The order is an event.
    await page.locator("#queue-tasks").getByText("Mantenimiento").waitFor();
    await other.context.request.post("/api/tasks/queues/tasks/resume/");
    expect(await isMarked(page)).toBe(true);
    expect(visit.problems).toEqual([]);
  });

  it("counts on a module's page", async () => {
    await using visit = await open();
    const { page, context } = visit;
    await page.goto("/admin/modules/pedidos");
    await mark(page);
    const lote = await fail(context.request, { unknown: 1 });
    await page.locator(`#recent-failures [data-task="${lote}0000"]`).waitFor();
    const said = page.locator("[data-announcer]");
    await expect.poll(() => said.textContent()).toBe("El último fallo: unknown_sku");
    expect(await isMarked(page)).toBe(true);
    expect(visit.problems).toEqual([]);
  });

  it("lists an order as soon as it is stored, and what is typed above stays", async () => {
    await using visit = await open();
    const { page, context } = visit;
    await page.goto("/admin/orders");
    await mark(page);
    await page.getByLabel("Cliente").fill("Stark");
    await fail(context.request, { good: 1 });
    await page.getByRole("link", { name: `S-${sent}`, exact: true }).waitFor();
    expect(await page.getByLabel("Cliente").inputValue()).toBe("Stark");
    expect(await isMarked(page)).toBe(true);
    expect(visit.problems).toEqual([]);
  });

  it("tells of what became of one's own task, in the list and on the bell", async () => {
    await using visit = await open();
    const { page, context } = visit;
    await page.goto("/admin/notifications");
    await mark(page);
    const unread = page.locator(".bell [data-unread]");
    expect(await unread.count()).toBe(0);
    const started = await context.request.post("/api/exports/", { data: { formato: "csv" } });
    expect(started.status()).toBe(202);
    await page.getByRole("heading", { name: "Sin leer (1)" }).waitFor();
    await expect.poll(() => unread.textContent()).toContain("1");
    expect(await page.locator("[data-announcer]").textContent()).toBe("Sin leer (1)");
    expect(await isMarked(page)).toBe(true);
    expect(await violations(page)).toEqual([]);
    expect(visit.problems).toEqual([]);
  });

  it("keeps what is picked in a list to which rows are added", async () => {
    await using visit = await open();
    const { page, context } = visit;
    await page.goto("/admin/tasks?status=FAILURE");
    const row = page.locator("tbody tr").nth(1);
    const id = await row.getAttribute("data-task");
    await row.getByRole("checkbox").check();
    await page.getByLabel("Acción").selectOption("discard");
    const lote = await fail(context.request, { empty: 2 });
    await page.locator(`tr[data-task="${lote}0001"]`).waitFor();
    const picked = page.locator("tbody tr:has(:checked)");
    expect(await picked.count()).toBe(1);
    expect(await picked.getAttribute("data-task")).toBe(id);
    expect(await page.getByLabel("Acción").inputValue()).toBe("discard");
    expect(visit.problems).toEqual([]);
  });
});

/**
 * Stores a task that has waited for ten minutes and that nobody looks at, so that its queue seems
 * to stall.
 */
function forgetTask(stateFolder: string): void {
  const folder = path.join(stateFolder, "v3", "d1", "miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
  const database = new DatabaseSync(path.join(folder, file), { timeout: 5000 });
  const now = Date.now();
  const [ago, later] = [now - 600_000, now + 3_600_000];
  database
    .prepare(
      `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at,
         sent_at, created_at)
       VALUES ('00000000-0000-7000-8000-000000000000', 'exports.orders', 'exports', 'tasks',
         'PENDING', '{}', 3, ?1, ?2, ?2, ?1)`,
    )
    .run(ago, later);
  database.close();
}

/** Counts how often the page itself is asked for. */
function countReads(page: Page): { reads: number } {
  const count = { reads: 0 };
  page.on("request", (request) => {
    count.reads += new URL(request.url()).pathname === "/admin" ? 1 : 0;
  });
  return count;
}

/** Marks a page; one that was loaded again has no mark. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
}

function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.hasAttribute("data-marked"));
}

/**
 * Makes the page seem hidden, as when another tab is in front. A browser without a window always
 * says that one looks.
 */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

function isFocused(element: Locator): Promise<boolean> {
  return element.evaluate((it) => it === document.activeElement);
}

function topOf(element: Locator): Promise<number> {
  return element.evaluate((it) => it.getBoundingClientRect().top);
}

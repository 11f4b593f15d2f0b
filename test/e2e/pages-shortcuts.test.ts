import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import {
  describeInBrowser,
  expectNoSideways,
  openBrowser,
  useBrowser,
  violations,
  type Session,
  signIn,
} from "./browser";
import { type Server, startServer } from "./server";

const FAILING = 60;

describeInBrowser("the keyboard's shortcuts", () => {
  useBrowser();
  let server: Server;
  let session: Session;

  const open = (visit: Parameters<typeof openBrowser>[1] = {}) =>
    openBrowser(server.url, { storageState: session, ...visit });

  beforeAll(async () => {
    server = await startServer();
    await using visit = await openBrowser(server.url);
    const { request } = visit.context;
    session = await signIn(request, server.admin);
    const orders = Array.from({ length: FAILING }, (_, i) => ({
      id: i + 1,
      cliente: "ACME Corp",
      productos: [],
    }));
    expect((await request.post("/api/pedidos", { data: orders })).status()).toBe(202);
    const failed = async () => {
      const list = await request.get("/api/tasks/executions/?status=FAILURE&limit=1");
      return ((await list.json()) as { count: number }).count;
    };
    while ((await failed()) < FAILING) {
      await sleep(100);
    }
  });

  it("are shown by ?, and the focus returns to where it was", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks");
    const link = page.locator("tbody th a").nth(2);
    await link.focus();
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Atajos de teclado" });
    await sheet.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("j"); // The page behind the sheet knows this key.
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    expect(await isFocused(link)).toBe(true);
    const button = page.getByRole("button", { name: "Atajos de teclado" });
    await button.click();
    await sheet.getByRole("button", { name: "Cerrar" }).click();
    expect(await isFocused(button)).toBe(true);
    expect(visit.problems).toEqual([]);
  });

  it("lead to every page of the sheet", async () => {
    await using visit = await open({ locale: "en-US" });
    const { page } = visit;
    await page.goto("/admin");
    const places = await page
      .locator("[data-go]")
      .evaluateAll((links) =>
        links.map((it) => [it.getAttribute("data-go") ?? "", it.getAttribute("href") ?? ""]),
      );
    expect(places.length).toBe(12);
    for (const [letter = "", href = ""] of places) {
      const loaded = page.waitForEvent("load");
      await press(page, "g", letter);
      await loaded;
      expect(new URL(page.url()).pathname).toBe(href);
    }
    expect(visit.problems).toEqual([]);
  });

  it("walk a list, pick rows of it, turn its pages and open a row", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks?status=FAILURE");
    const links = page.locator("tbody th a");
    const boxes = page.locator("tbody input[type=checkbox]");
    await press(page, "j", "j", "j", "k");
    expect(await isFocused(links.nth(1))).toBe(true);
    await press(page, "x", "j", "x");
    const picked = await boxes.evaluateAll((all) =>
      all.flatMap((box, i) => ((box as HTMLInputElement).checked ? [i] : [])),
    );
    expect(picked).toEqual([1, 2]);
    expect(await page.locator("[data-announcer]").textContent()).toBe("Marcadas: 2");
    const covered = await links.nth(2).evaluate((link) => {
      const { left, top } = link.getBoundingClientRect();
      return document.elementFromPoint(left + 2, top + 2) !== link;
    });
    expect(covered).toBe(false);
    await press(page, "Escape");
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe("body");
    const first = await links.first().getAttribute("href");
    for (const key of ["n", "p"]) {
      const loaded = page.waitForEvent("load");
      await press(page, key);
      await loaded;
      const isFirst = (await links.first().getAttribute("href")) === first;
      expect(isFirst, key).toBe(key === "p");
    }
    await press(page, "j");
    await press(page, "o");
    await page.waitForURL(`**${first}`);
    expect(visit.problems).toEqual([]);
  });

  it("keep the focused row in sight above the bar of actions", async () => {
    await using visit = await open({ viewport: { width: 1280, height: 420 } });
    const { page } = visit;
    await page.goto("/admin/tasks?status=FAILURE");
    const links = page.locator("tbody th a");
    for (let row = 0; row < 20; row += 1) {
      await press(page, "j");
      const seen = await links.nth(row).evaluate((link) => {
        const { left, bottom } = link.getBoundingClientRect();
        return document.elementFromPoint(left + 2, bottom - 3) === link;
      });
      expect(seen, `row ${row}`).toBe(true);
    }
  });

  it("search with /, and are letters while one types", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks");
    await press(page, "/");
    const search = page.getByLabel("Buscar");
    expect(await isFocused(search)).toBe(true);
    await page.keyboard.type("gtj?x/");
    expect(await search.inputValue()).toBe("gtj?x/");
    expect(page.url()).toMatch(/\/admin\/tasks$/);
    await press(page, "Escape", "j");
    expect(await isFocused(page.locator("tbody th a").first())).toBe(true);
    await page.getByLabel("Estado").focus();
    await press(page, "j");
    expect(await isFocused(page.getByLabel("Estado"))).toBe(true);
    await page.locator("h1").click();
    await press(page, "Control+j", "Alt+j", "Meta+j", "Shift+J");
    expect(await page.evaluate(() => document.activeElement?.closest("tr"))).toBeNull();
  });

  it("do nothing once they are switched off, and this is remembered", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks");
    const button = page.getByRole("button", { name: "Atajos de teclado" });
    await button.click();
    await page.getByLabel("Usar los atajos de una tecla").uncheck();
    await press(page, "Escape");
    await page.goto("/admin/orders");
    await page.goto("/admin/tasks");
    await press(page, "j", "?", "g", "o");
    expect(page.url()).toMatch(/\/admin\/tasks$/);
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await button.click();
    const box = page.getByLabel("Usar los atajos de una tecla");
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await press(page, "Escape", "j");
    expect(await isFocused(page.locator("tbody th a").first())).toBe(true);
  });

  it("are offered neither without JavaScript nor without a session", async () => {
    await using plain = await open({ javaScriptEnabled: false });
    await plain.page.goto("/admin");
    expect(await plain.page.locator("[data-opens-shortcuts]").isVisible()).toBe(false);
    await using stranger = await openBrowser(server.url);
    await stranger.page.goto("/");
    await press(stranger.page, "?", "g", "t");
    expect(await stranger.page.locator("dialog").count()).toBe(0);
    expect(stranger.page.url()).toBe(`${server.url}/`);
    expect(stranger.problems).toEqual([]);
  });

  it.for([
    ["light", 390],
    ["dark", 1280],
  ] as const)("fit the window, %s, %i px", async ([colorScheme, width]) => {
    await using visit = await open({ colorScheme, viewport: { width, height: 600 } });
    const { page } = visit;
    await page.goto("/admin");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await expectNoSideways(page);
    expect(await violations(page)).toEqual([]);
    expect(visit.problems).toEqual([]);
  });
});

type Locator = ReturnType<Page["locator"]>;

function isFocused(element: Locator): Promise<boolean> {
  return element.evaluate((it) => it === document.activeElement);
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key);
  }
}

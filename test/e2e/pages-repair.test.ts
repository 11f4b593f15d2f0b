import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { APIRequestContext, Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
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

const EMPTY = 30;
const WIDE = "漢".repeat(64);

type Visit = Parameters<typeof openBrowser>[1];

describeInBrowser("repair in a browser", () => {
  useBrowser();
  let server: Server;
  let session: Session;
  let wrong = "";

  const open = (visit: Visit = {}) => openBrowser(server.url, { storageState: session, ...visit });

  beforeAll(async () => {
    server = await startServer();
    await using visit = await openBrowser(server.url);
    const { request } = visit.context;
    session = await signIn(request, server.admin);
    const orders = [
      ...Array.from({ length: EMPTY }, (_, i) => ({ id: i + 1, cliente: "A", productos: [] })),
      { id: "wide", cliente: WIDE, productos: [{ sku: WIDE, cantidad: 1 }] },
      { id: "wrong", cliente: "ACME Corp", productos: [{ sku: "P001", cantidad: 0 }] },
    ];
    const sent = await request.post("/api/pedidos", { data: orders });
    const { tareas } = (await sent.json()) as { tareas: { task_id: string }[] };
    wrong = tareas.at(-1)?.task_id ?? "";
    await untilFailed(request, orders.length);
  });

  describe("failures", () => {
    it("are corrected and sent again, with a warning of what would still fail", async () => {
      await using visit = await open({ expected: [422] });
      const { page } = visit;
      await page.goto(`/admin/tasks/${wrong}`);
      await go(page.getByRole("link", { name: "Editar y reenviar" }));
      const input = page.getByLabel("Entrada (JSON)");
      const text = await input.inputValue();
      await input.fill(text.replace('"cantidad": 0', '"cantidad": }'));
      await go(page.getByRole("button", { name: "Comprobar y enviar" }));
      await page.getByText("línea 7, columna 19").waitFor();
      await input.fill(text);
      await go(page.getByRole("button", { name: "Comprobar y enviar" }));
      await page.getByText("Fallaría en la primera etapa").waitFor();
      await page.getByRole("button", { name: "Enviar de todos modos" }).waitFor();
      expect(await violations(page)).toEqual([]);
      await input.fill(text.replace('"cantidad": 0', '"cantidad": 2'));
      await go(page.getByRole("button", { name: "Comprobar y enviar" }));
      await page.getByText("La copia editada está en marcha").waitFor();
      await page.locator("h1").getByText("Exitosa").waitFor({ timeout: 20_000 });
      await go(page.locator("dl").getByRole("link", { name: wrong.slice(-4) }));
      await page.getByText("En su lugar se envió una copia editada").waitFor();
      expect(visit.problems).toEqual([]);
    });

    it("are picked by hand and discarded, without JavaScript", async () => {
      await using visit = await open({ javaScriptEnabled: false });
      const { page } = visit;
      await page.goto("/admin/failures");
      const group = page.locator("tbody tr", { hasText: "empty_order" });
      expect(await group.locator("strong").textContent()).toBe(String(EMPTY));
      await go(group.getByRole("link", { name: "Ver las tareas" }));
      await page.locator("tbody .pick").nth(0).click();
      await page.locator("tbody .pick").nth(1).click();
      await page.getByLabel("Acción").selectOption({ label: "Descartar" });
      await go(page.getByRole("button", { name: "A las marcadas" }));
      await page.getByRole("heading", { name: "Descartar 2 fallos" }).waitFor();
      await page.getByLabel("Motivo").fill("De una prueba");
      await go(page.getByRole("button", { name: "Descartar 2 fallos" }));
      await page.getByText("La acción está en marcha").waitFor();
      await expectDone(page, "2");
      await page.goto("/admin/failures");
      expect(await group.locator("strong").textContent()).toBe(String(EMPTY - 2));
    });

    it("are discarded all at once, after saying how many", async () => {
      await using visit = await open();
      const { page } = visit;
      await page.goto("/admin/failures");
      const group = page.locator("tbody tr", { hasText: "empty_order" });
      const count = (await group.locator("strong").textContent()) ?? "";
      await go(group.getByRole("link", { name: "Descartar todas" }));
      await page.getByText("No se puede deshacer.").waitFor();
      await page.getByLabel("Motivo").fill("De una prueba");
      await go(page.getByRole("button", { name: `Descartar ${count} fallos` }));
      await expectDone(page, count);
      await page.goto("/admin/failures");
      expect(await group.count()).toBe(0);
      expect(visit.problems).toEqual([]);
    });
  });

  it("exports the tasks on screen to a file one can download", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks?status=FAILURE&code=unknown_sku");
    await go(page.getByRole("button", { name: "CSV" }));
    const link = page.getByRole("link", { name: "Descargar el archivo" });
    await link.waitFor({ timeout: 20_000 });
    expect(await violations(page)).toEqual([]);
    const downloading = page.waitForEvent("download");
    await link.click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^tareas-.*\.csv$/);
    const text = await readFile(await download.path(), "utf8");
    expect(text.split("\r\n")).toHaveLength(3);
    expect(text).toContain(",unknown_sku,");
    expect(visit.problems).toEqual([]);
  });

  it("keeps the columns one chooses", async () => {
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/tasks?status=FAILURE");
    await page.getByText("Columnas y densidad").click();
    await page.getByRole("checkbox", { name: "Worker" }).uncheck();
    await page.getByLabel("Compacta").check();
    await go(page.getByRole("button", { name: "Guardar" }));
    expect(page.url()).toContain("status=FAILURE");
    expect(await page.locator("thead").textContent()).not.toContain("Worker");
    expect(await page.locator(".rows.dense").count()).toBe(1);
    expect(visit.problems).toEqual([]);
  });

  it.for([390, 961, 1100, 1280])(
    "shows very long names in a list, whose head stays below the bar, %i px",
    async (width) => {
      await using visit = await open({ viewport: { width, height: 400 } });
      const { page, context } = visit;
      const name = `etl.${"very_long_".repeat(9)}name`;
      const tracked = { task_id: `long-${width}`, task_name: name, task_module: "etl" };
      const answer = await context.request.post("/api/tasks/executions/", { data: tracked });
      expect(answer.ok()).toBe(true);
      await page.goto("/admin/tasks");
      await page.getByText(name).first().waitFor();
      await expectNoSideways(page);
      const bar = await page.locator(".bar").boundingBox();
      const head = page.locator("thead th").first();
      await page.mouse.wheel(0, 600);
      if (width > 960) {
        await expect.poll(async () => (await head.boundingBox())?.y).toBe(bar?.height);
      }
      expect(visit.problems).toEqual([]);
    },
  );

  describe("every page of it", () => {
    const places = () => [
      "/admin/failures",
      "/admin/failures?to=2020-01-01",
      "/admin/failures?from=x",
      "/admin/dead-letters",
      "/admin/notifications",
      "/admin/tasks?status=FAILURE&marked=page",
      "/admin/tasks/bulk/matching?action=discard&code=unknown_sku",
      "/admin/tasks/bulk/picked?action=cancel",
      `/admin/tasks/${wrong}`,
      `/admin/tasks/${wrong}/discards`,
      `/admin/tasks/${wrong}/replays`,
    ];

    it.for([
      ["light", 1280],
      ["dark", 1920],
      ["light", 961],
      ["light", 390],
      ["dark", 390],
    ] as const)("has nothing for axe to find and fits, %s, %i px", async ([colorScheme, width]) => {
      const viewport = { width, height: 844 };
      await using visit = await open({ colorScheme, viewport, expected: [400] });
      const found: string[] = [];
      for (const place of places()) {
        await visit.page.goto(place);
        found.push(...(await violations(visit.page)).map((each) => `${place}: ${each}`));
        await expectNoSideways(visit.page);
      }
      expect(found).toEqual([]);
      expect(visit.problems).toEqual([]);
    });
  });
});

/** Waits on the page of a bulk action for its end. */
async function expectDone(page: Page, count: string): Promise<void> {
  const done = page.locator("dl > div", { hasText: "Hechas" }).locator("dd");
  for (let tries = 0; (await done.textContent()) !== count; tries += 1) {
    expect(tries, "the bulk action does not end").toBeLessThan(60);
    await sleep(250);
    await page.reload();
  }
}

/** Clicks what leads to another page, and waits for that page. */
async function go(link: Locator): Promise<void> {
  const loaded = link.page().waitForEvent("load");
  await link.click();
  await loaded;
}

async function untilFailed(request: APIRequestContext, wanted: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const list = await request.get("/api/tasks/executions/?status=FAILURE&limit=1");
    const { count } = (await list.json()) as { count: number };
    if (count === wanted) {
      return;
    }
    expect(tries, `${count} of ${wanted} have failed`).toBeLessThan(120);
    await sleep(250);
  }
}

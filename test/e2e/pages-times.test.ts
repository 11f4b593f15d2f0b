import { setTimeout as sleep } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { describeInBrowser, openBrowser, useBrowser, type Session, signIn } from "./browser";
import { type Server, startServer } from "./server";

const ORDERS = 20;

describeInBrowser("times in the reader's zone", () => {
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
    const data = Array.from({ length: ORDERS }, (_, i) => ({
      id: i + 1,
      cliente: "ACME Corp",
      productos: i % 2 === 0 ? [] : [{ sku: "P001", cantidad: 1 }],
    }));
    expect((await request.post("/api/pedidos", { data })).status()).toBe(202);
    const ended = async () => {
      const info = await request.get("/api/tasks/info");
      const { totals } = (await info.json()) as { totals: Record<string, number> };
      return (totals["SUCCESS"] ?? 0) + (totals["FAILURE"] ?? 0);
    };
    while ((await ended()) < ORDERS) {
      await sleep(100);
    }
  });

  it.for([
    ["America/Bogota", "hour"],
    ["Asia/Kolkata", "hour"],
    ["Asia/Kolkata", "day"],
  ] as const)("are those of charts and their figures: %s, %s", async ([timezoneId, range]) => {
    await using visit = await open({ timezoneId, locale: "en-GB" });
    const { page } = visit;
    await page.goto(`/admin?range=${range}`);
    const clock = (at: string) =>
      new Date(at).toLocaleTimeString("en-GB", { timeZone: timezoneId, timeStyle: "short" });
    for (const times of ["#throughput .times time", "#failures tbody time"]) {
      const shown = await momentsOf(page.locator(times));
      expect(shown.length).toBeGreaterThan(0);
      expect(shown.map(({ text }) => text)).toEqual(shown.map(({ at }) => clock(at)));
    }
    const bar = page.locator("#failures rect").last();
    const at = (await bar.getAttribute("data-at")) ?? "";
    const end = new Date(Date.parse(at) + (range === "hour" ? 60_000 : 3_600_000)).toISOString();
    const day = new Date(at).toLocaleDateString("en", {
      timeZone: timezoneId,
      dateStyle: "medium",
    });
    const title = (await bar.locator("title").textContent()) ?? "";
    for (const part of [day, clock(at), clock(end), ` · ${ORDERS / 2}`]) {
      expect(title).toContain(part);
    }
    expect(title).not.toContain("UTC");
    const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
    await page.getByText(`Times in ${zone}.`).waitFor();
    await page.locator("#failures summary").click();
    expect(await page.locator("#failures thead th").first().textContent()).toBe(`Time (${zone})`);
    expect(visit.problems).toEqual([]);
  });

  it("leaves days in UTC, and says so", async () => {
    await using visit = await open({ timezoneId: "Pacific/Kiritimati", locale: "en-GB" });
    const { page } = visit;
    await page.goto("/admin?range=month");
    expect(await page.locator("#failures time").count()).toBe(0);
    await page.locator("#failures summary").click();
    expect(await page.locator("#failures thead th").first().textContent()).toBe("Day (UTC)");
    expect(await page.locator("#failures rect title").last().textContent()).toMatch(/\d{4} UTC · /);
    await page.getByText("Days in UTC.").waitFor();
  });

  it("are UTC without JavaScript, and say so", async () => {
    await using visit = await open({ javaScriptEnabled: false, locale: "en-GB" });
    const { page } = visit;
    await page.goto("/admin");
    await page.getByText("Times in UTC.").waitFor();
    const [first] = await momentsOf(page.locator("#throughput .times time"));
    expect(first?.text).toBe(first?.at.slice(11, 16));
    expect(await page.locator("#failures rect title").last().textContent()).toMatch(/ UTC · 10$/);
    await page.goto("/admin/tasks");
    await page.getByLabel("From (UTC)").fill(dayIn("UTC"));
    const loaded = page.waitForEvent("load");
    await page.getByRole("button", { name: "Apply" }).click();
    await loaded;
    expect(new URL(page.url()).searchParams.get("zone")).toBe("UTC");
    expect(await page.locator("tbody tr").count()).toBe(ORDERS);
  });

  it.for(["/admin/tasks", "/admin/orders", "/admin/failures"])(
    "are what days of a list mean, for whom the address is sent to as well: %s",
    async (path) => {
      await using east = await open({ timezoneId: "Pacific/Kiritimati", locale: "en-GB" });
      const { page } = east;
      await page.goto(path);
      await page.getByLabel("From (Kiritimati)").fill(dayIn("Pacific/Kiritimati"));
      const loaded = page.waitForEvent("load");
      await page.getByRole("button", { name: "Apply" }).click();
      await loaded;
      const rows = await page.locator("tbody tr").count();
      expect(rows).toBeGreaterThan(0);
      expect(new URL(page.url()).searchParams.get("zone")).toBe("Pacific/Kiritimati");
      expect(east.problems).toEqual([]);

      await using west = await open({ timezoneId: "America/Bogota", locale: "en-GB" });
      await west.page.goto(page.url());
      expect(await west.page.locator("tbody tr").count()).toBe(rows);
      await west.page.getByLabel("From (Kiritimati)").waitFor();
      await west.page.goto(path);
      // In Bogota it is not that day yet.
      await west.page.getByLabel("From (Bogota)").fill(dayIn("Pacific/Kiritimati", 1));
      const empty = west.page.waitForEvent("load");
      await west.page.getByRole("button", { name: "Apply" }).click();
      await empty;
      expect(await west.page.locator("tbody tr").count()).toBe(0);
      expect(west.problems).toEqual([]);
    },
  );
});

function momentsOf(times: Locator): Promise<{ at: string; text: string }[]> {
  return times.evaluateAll((all) =>
    all.map((time) => ({
      at: time.getAttribute("datetime") ?? "",
      text: time.textContent ?? "",
    })),
  );
}

/** Returns the day that it is somewhere, or one this many days later. */
function dayIn(timeZone: string, later = 0): string {
  const at = Date.now() + later * 86_400_000;
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(at);
}

import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../../support/api";
import { processAll } from "../../support/api-orders";
import { sessionOf, submit, visit } from "../../support/pages";

/** It is always a later day in the east than in the west. */
const EAST = "Pacific/Kiritimati";
const WEST = "Etc/GMT+12";
const LISTS = ["/admin/tasks", "/admin/orders", "/admin/failures"] as const;

function today(timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(Date.now());
}

describe("the days of a list", () => {
  let cookie: string;

  beforeAll(async () => {
    cookie = await sessionOf("operator");
  });

  const page = async (path: string, query: Record<string, string>) => {
    const search = new URLSearchParams({ ...query, lang: "en" }).toString();
    const response = await visit(`${path}?${search}`, { cookie });
    return { status: response.status, text: await response.text() };
  };
  const rowsOf = (text: string) => text.split("<tbody>")[1]?.split("<tr").length ?? 0;
  const process = () =>
    processAll([
      { id: crypto.randomUUID(), cliente: "ACME Corp", productos: [{ sku: "P001", cantidad: 1 }] },
      { id: crypto.randomUUID(), cliente: "ACME Corp", productos: [] },
    ]);

  it.for(LISTS)("are those of the address's zone: %s", async (path) => {
    await process();
    const found = async (query: Record<string, string>) => rowsOf((await page(path, query)).text);
    const [early, late] = [today(WEST), today(EAST)];
    expect(await found({ from: late, zone: EAST })).toBeGreaterThan(0);
    expect(await found({ from: late, zone: WEST })).toBe(0);
    expect(await found({ to: early, zone: WEST })).toBeGreaterThan(0);
    expect(await found({ to: early, zone: EAST })).toBe(0);
    const utc = today("UTC");
    expect(await found({ from: utc, to: utc })).toBeGreaterThan(0);
  });

  it.for(LISTS)("keep their zone in the form, which says it: %s", async (path) => {
    const { text } = await page(path, { from: "2026-11-22", zone: "America/Argentina/Salta" });
    expect(text).toMatch(/<label for="from">From \(<span title="[^"]+">Salta<\/span>\)/);
    expect(text).toMatch(/name="zone" value="America\/Argentina\/Salta"\/>/);
    const none = await page(path, { zone: "America/Bogota" });
    expect(none.text).toMatch(/name="zone" value="UTC" data-zone="value"\/>/);
    expect(none.text).toMatch(/<label for="to">To \(<span title="UTC" data-zone="place">UTC</);
  });

  it.for(LISTS)("are refused in a zone nobody knows: %s", async (path) => {
    const { status, text } = await page(path, { from: "2026-11-22", zone: "Mars/Olympus" });
    expect(status).toBe(400);
    expect(text).toContain("Unknown time zone.");
  });

  it("mean the same to an action on all that match", async () => {
    await process();
    const query = { action: "retry", status: "FAILURE", from: today(EAST), zone: EAST };
    const { text } = await page("/admin/tasks/bulk/matching", query);
    expect(text).toContain(`name="zone" value="${EAST}"`);
    expect(text).toContain("Time zone");
    const failures = await page("/admin/failures", { from: today(EAST), zone: EAST });
    expect(failures.text).toContain(`zone=${encodeURIComponent(EAST)}`);
  });

  it("mean the same to an export", async () => {
    const fields = { from: "2026-03-29", to: "2026-03-29", zone: "Europe/Madrid", format: "csv" };
    const sent = await submit("/admin/orders/exports", { ...fields, customer: "" }, { cookie });
    expect(sent.status).toBe(303);
    const input = await call(`${sent.headers.get("location")}/input`, { cookie });
    expect(await input.json()).toMatchObject({
      desde: "2026-03-28T23:00:00.000Z",
      hasta: "2026-03-29T22:00:00.000Z", // The day has 23 hours.
    });
  });
});

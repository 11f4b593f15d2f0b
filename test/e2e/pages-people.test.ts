import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeInBrowser,
  expectNoSideways,
  openBrowser,
  useBrowser,
  violations,
} from "./browser";
import { type Server, startServer } from "./server";

const PASSWORD = "a-person-of-the-tests";
const LONG = `${"long".repeat(15)}@${"domain".repeat(9)}.example`;
const MAX_PAGE_BYTES = 61_440;

type Visit = Parameters<typeof openBrowser>[1];

describeInBrowser("people, keys and the audit log in a browser", () => {
  useBrowser();
  let server: Server;
  let state: Visit = {};
  let personPath = "";

  const open = (visit: Visit = {}) => openBrowser(server.url, { ...state, ...visit });

  beforeAll(async () => {
    server = await startServer({});
    await using admin = await open();
    const { request } = admin.context;
    const post = async (path: string, data: unknown) => {
      const response = await request.post(path, { data });
      expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
      return response;
    };
    await post("/api/auth/sign-in/email", server.admin);
    state = { storageState: await admin.context.storageState() };
    for (let n = 0; n < 30; n += 1) {
      const email = n === 0 ? LONG : `person-${n}@people.example`;
      const name = n === 0 ? "名".repeat(100) : `Person ${n}`;
      const role = ["viewer", "operator", "admin"][n % 3];
      const data = { email, name, role, password: PASSWORD };
      const made = await post("/api/auth/admin/create-user", data);
      if (n === 0) {
        const { user } = (await made.json()) as { user: { id: string } };
        personPath = `/admin/people/${user.id}`;
        await post("/api/auth/admin/set-user-password", {
          userId: user.id,
          newPassword: PASSWORD,
        });
      }
      if (n < 5) {
        const scopes = ["orders:read", "orders:write", "tasks:read", "metrics:read"].slice(n % 3);
        await post("/api/keys", { name: n === 0 ? "k".repeat(100) : `key ${n}`, scopes });
      }
    }
    await using other = await open({ storageState: undefined });
    await other.context.request.post("/api/auth/sign-in/email", {
      data: { email: LONG, password: PASSWORD },
    });
    await post("/api/tasks/bulk", { action: "retry", filter: { status: "FAILURE" } });
  });

  const pages = (): [string, string][] => [
    ["people", "/admin/people"],
    ["nobody found", "/admin/people?q=nobody-at-all"],
    ["new person", "/admin/people/new"],
    ["person", personPath],
    ["ban", `${personPath}/ban`],
    ["removal", `${personPath}/removal`],
    ["account", "/admin/account"],
    ["keys", "/admin/keys"],
    ["new key", "/admin/keys/new"],
    ["audit", "/admin/audit"],
  ];

  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    it.each([
      [390, "es-ES"],
      [961, "en-US"],
      [1280, "en-US"],
      [1920, "es-ES"],
    ] as const)("every page fits %i px in %s, and axe finds nothing", async (width, locale) => {
      await using visit = await open({ colorScheme, locale, viewport: { width, height: 900 } });
      const { page } = visit;
      const found: string[] = [];
      for (const [name, path] of pages()) {
        const response = await page.goto(path);
        expect(response?.status(), path).toBe(200);
        expect((await response?.body())?.byteLength, path).toBeLessThan(MAX_PAGE_BYTES);
        await expectNoSideways(page);
        found.push(...(await violations(page)).map((violation) => `${name}: ${violation}`));
      }
      expect(found).toEqual([]);
      expect(visit.problems).toEqual([]);
    });
  });

  it("makes a person, says what is wrong beside the field, bans and removes them, by keyboard", async () => {
    await using visit = await open({ expected: [400, 404] });
    const { page } = visit;
    await page.goto("/admin/people");
    await press(page, page.getByRole("link", { name: "Nueva persona" }));
    await page.getByLabel("Correo").fill(LONG);
    await page.getByLabel("Nombre").fill("Ana");
    await page.getByLabel("Contraseña inicial").fill(PASSWORD);
    await press(page, page.getByRole("button", { name: "Crear" }));
    const email = page.getByLabel("Correo");
    expect(await email.getAttribute("aria-invalid")).toBe("true");
    expect(await email.evaluate((field) => field === document.activeElement)).toBe(true);
    await email.fill("ana@people.example");
    await page.getByLabel("Contraseña inicial").fill(PASSWORD);
    await press(page, page.getByRole("button", { name: "Crear" }));
    await page.getByText("La cuenta está creada.").waitFor();
    await press(page, page.getByRole("link", { name: "Bloquear" }));
    await page.getByLabel("Motivo").fill("Una prueba");
    await press(page, page.getByRole("button", { name: "Bloquear" }));
    await page.getByText("La cuenta está bloqueada").waitFor();
    await press(page, page.getByRole("link", { name: "Eliminar" }));
    await press(page, page.getByRole("button", { name: "Eliminar" }));
    await page.getByText("ana@people.example ya no tiene cuenta.").waitFor();
    await page.goto("/admin/audit");
    const rows = page.locator("tbody tr");
    expect(await rows.nth(0).textContent()).toContain("Eliminó una cuenta");
    expect(await rows.nth(1).textContent()).toContain("Una prueba");
    expect(visit.problems).toEqual([]);
  });

  it("shows a new key once, whole and selected by the keyboard, without any script", async () => {
    await using visit = await open({ javaScriptEnabled: false });
    const { page } = visit;
    await page.goto("/admin/keys/new");
    await page.getByLabel("Nombre").fill("tienda");
    await page.getByLabel("orders:write").check();
    await page.getByRole("button", { name: "Crear" }).click();
    const key = await page.getByLabel("Clave", { exact: true }).inputValue();
    expect(key).toMatch(/^pek_[0-9a-f]{16}_[0-9a-f]{64}$/);
    await page.goto("/admin/keys");
    expect(await page.content()).not.toContain(key.split("_")[2]);
    await page.locator("tr", { hasText: "tienda" }).getByRole("link", { name: "Revocar" }).click();
    await page.getByRole("button", { name: "Revocar" }).click();
    await page.getByText("La clave está revocada.").waitFor();
    expect(visit.problems).toEqual([]);
  });

  it("shows the own account which session is this one, and ends the others", async () => {
    await using other = await open({ storageState: undefined });
    await other.context.request.post("/api/auth/sign-in/email", { data: server.admin });
    await using visit = await open();
    const { page } = visit;
    await page.goto("/admin/account");
    expect(await page.getByText("Esta sesión").count()).toBe(1);
    await page.getByRole("button", { name: "Cerrar las demás" }).click();
    await page.getByText("Tus demás sesiones están cerradas.").waitFor();
    expect(await page.locator(".sessions tbody tr").count()).toBe(1);
    expect(visit.problems).toEqual([]);
  });
});

async function press(page: Page, control: Locator): Promise<void> {
  await control.focus();
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

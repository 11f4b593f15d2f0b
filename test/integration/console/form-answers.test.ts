import { describe, expect, it } from "vitest";
import { adminSession, ORIGIN } from "../../support/api";
import { problemBeside, submit, visit } from "../../support/console";
import { sessionOf } from "../../support/pages";

const PRIMARY = /<a class="button primary" href="([^"]*)"/;
const BACK = /name="back" value="([^"]*)"/;

/** Sends a form as administrator; `on` is the page that holds the form. */
async function send(path: string, fields: Record<string, string>, on?: string) {
  const headers: Record<string, string> = on === undefined ? {} : { referer: on };
  const response = await submit(path, fields, { cookie: await adminSession(), headers });
  return { status: response.status, html: await response.text() };
}

const open = async (path: string) => visit(path, { cookie: await adminSession() });

describe("a refused form", () => {
  it.each([
    ["/admin/keys", "/admin/keys/new?lang=en"],
    ["/admin/queues/orders/pauses", "/admin/queues/orders/pauses"],
  ])("to %s leads back to the page that held it, %s", async (path, page) => {
    const { status, html } = await send(path, { naem: "x" }, ORIGIN + page);
    expect(status).toBe(400);
    expect(PRIMARY.exec(html)?.[1]).toBe(page);
  });

  it("leads to no other site", async () => {
    const { html } = await send("/admin/keys", { naem: "x" }, "https://evil.example/admin/keys");
    expect(PRIMARY.exec(html)?.[1]).toBe("/admin/tasks");
    expect(html).not.toContain("evil.example");
  });

  it("that is shown again changes its language on the page that held it", async () => {
    const page = "/admin/account";
    const fields = { currentPassword: "x", newPassword: "y", repeated: "z" };
    const { status, html } = await send("/admin/account/password", fields, ORIGIN + page);
    expect(status).toBe(400);
    expect(BACK.exec(html)?.[1]).toBe(page);
  });

  it("of an export shows its list, whose filters lead to the list", async () => {
    const { status, html } = await send("/admin/orders/exports", { from: "soon", format: "csv" });
    expect(status).toBe(400);
    expect(html).toContain('<form class="filters" method="get" action="/admin/orders"');
  });

  it("says first who may not send it, and nothing of the address before", async () => {
    const cookie = await sessionOf("viewer");
    const keys = await submit("/admin/keys?xyzzy=1", { naem: "x" }, { cookie });
    expect(keys.status).toBe(403);
    const pause = await submit(
      "/admin/queues/orders/pauses?xyzzy=1",
      { reason: "why" },
      { cookie },
    );
    expect(pause.status).toBe(403);
    const allowed = await send("/admin/queues/orders/pauses?xyzzy=1", { reason: "why" });
    expect(allowed.status).toBe(400);
    expect(allowed.html).toContain("“xyzzy” says nothing here");
  });
});

describe("a refused address", () => {
  it.each([
    ["/pedidos/iniciar?m=10", "/"],
    ["/pedidos/iniciar/?m=10", "/"],
    ["/admin/tasks/bulk/matching?actoin=retry", "/admin/tasks"],
    ["/admin/tasks/bulk/picked?action=foo", "/admin/tasks"],
    ["/admin/orders?custmer=x", "/admin/orders"],
  ])("%s leads to a page that starts nothing and is there: %s", async (path, page) => {
    const response = await open(path);
    expect(response.status).toBe(400);
    expect(PRIMARY.exec(await response.text())?.[1]).toBe(page);
  });
});

it("says in its reader's words what is wrong with each field of a template", async () => {
  const wrong = {
    name: ["", "Escribe de 1 a 200 caracteres que se vean, y no «.» ni «..»."],
    default_timeout: ["841", "Escribe un número entero de 1 a 840, o nada."],
    default_max_retries: ["-1", "Escribe un número entero de 0 a 50, o nada."],
    estimated_duration: ["soon", "Escribe un número entero desde 0, o nada."],
    notify_progress: ["101", "Escribe un número entero de 1 a 100, o nada."],
    default_parameters: ["[]", "Ha de ser un objeto JSON de hasta 64000 caracteres."],
    typical_steps: ["step\n".repeat(51), "Escribe hasta 50 pasos, con caracteres que se vean."],
  };
  const headers = { "accept-language": "es" };
  const cookie = await adminSession();
  const fields = { name: "wrong", task_name: "exports.orders", default_parameters: "{}" };
  for (const [field, [typed = "", words]] of Object.entries(wrong)) {
    const sent = { ...fields, [field]: typed };
    const response = await submit("/admin/run/templates", sent, { cookie, headers });
    expect(response.status).toBe(400);
    expect(problemBeside(await response.text(), field)).toBe(words);
  }
});

it("says that tasks of a batch share their limit", async () => {
  const fields = { name: "wrong", task_name: "pedidos.procesar", default_timeout: "7" };
  const { status, html } = await send("/admin/run/templates", fields);
  expect(status).toBe(400);
  expect(problemBeside(html, "default_timeout")).toMatch(/^Tasks of that name run in batches/);
});

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { processOrder } from "../../../src/orders/pipeline/task";
import { bulk } from "../../../src/tasks/commands/bulk";
import { Engine } from "../../../src/tasks/model/engine";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectProblem,
  type List,
} from "../../support/api";
import { submit, visit } from "../../support/console";
import { deafQueue, deliver, storeOrders } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { auth, PASSWORD, person, signIn } from "../../support/people";

interface Entry {
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown> | null;
}

async function entries(query = ""): Promise<Entry[]> {
  const answer = await call(`/api/audit/${query}`, { cookie: await adminSession() });
  expect(answer.status).toBe(200);
  return (await answer.json<List<Entry>>()).results;
}

const send = (method: string, path: string, init: CallInit, body?: unknown) =>
  call(path, {
    method,
    headers: { "content-type": "application/json" },
    env: { QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...init,
  });

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM audit_log").run();
});

describe("the audit log", () => {
  it("tells who did what to which task, and nothing of what was refused", async () => {
    const key = await apiKey(["tasks:write"]);
    await env.DB.prepare("DELETE FROM audit_log").run(); // The making of the key was noted.
    const [bad = "", waiting = ""] = await storeOrders(env, [
      anOrder({ productos: [] }),
      anOrder(),
    ]);
    await deliver([bad], env);
    await send("POST", `/api/tasks/discard/${bad}/`, { key }, { reason: "a test order" });
    await send("POST", `/api/tasks/cancel/${waiting}/`, { key });
    expect((await send("POST", `/api/tasks/cancel/${waiting}/`, { key })).status).toBe(409);
    expect(await entries()).toMatchObject([
      { action: "task.cancel", target: waiting, detail: null },
      { action: "task.discard", target: bad, detail: { reason: "a test order" } },
    ]);
    expect(await entries(`?target=${bad}`)).toHaveLength(1);
    expect(await entries("?action=task.run")).toEqual([]);
  });

  it("keeps the filter of a bulk action, and the task that tells what it came to", async () => {
    const key = await apiKey(["tasks:write"]);
    const filter = { task_module: "pedidos", status: "FAILURE" };
    const answer = await send("POST", "/api/tasks/bulk/", { key }, { action: "retry", filter });
    const { task_id } = await answer.json<{ task_id: string }>();
    expect((await entries())[0]).toMatchObject({
      action: "tasks.retry",
      target: task_id,
      detail: { action: "retry", filter },
    });
  });

  it("notes keys without their secret, and the deletion of an order with its reason", async () => {
    const cookie = await adminSession();
    const made = await send(
      "POST",
      "/api/keys/",
      { cookie },
      { name: "shop", scopes: ["orders:write"] },
    );
    const { id, key } = await made.json<{ id: string; key: string }>();
    await send("DELETE", `/api/keys/${id}/`, { cookie });
    const order = anOrder();
    await deliver(await storeOrders(env, [order]), env);
    const reason = "asked for by the customer";
    const gone = await send("DELETE", `/api/pedidos/${String(order.id)}/`, { cookie }, { reason });
    expect(gone.status).toBe(204);
    const noted = await entries();
    expect(noted).toMatchObject([
      { action: "order.delete", target: String(order.id), detail: { reason } },
      { action: "key.revoke", target: id },
      { action: "key.create", target: id, detail: { name: "shop" } },
    ]);
    expect(JSON.stringify(noted)).not.toContain(key.split("_")[2]);
  });

  it("notes what is done to people, over the API and on pages, and no password of theirs", async () => {
    const boss = await person("admin");
    const { cookie } = boss;
    await env.DB.prepare("DELETE FROM audit_log").run();
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await auth(
      "/admin/create-user",
      { email, password: PASSWORD, name: "New", role: "viewer" },
      { cookie },
    );
    const { id } = (await made.json<{ user: { id: string } }>()).user;
    const path = `/admin/people/${id}`;
    await submit(`${path}/role`, { role: "operator" }, { cookie });
    await submit(`${path}/password`, { newPassword: "another-password-1" }, { cookie });
    await signIn(email, "another-password-1");
    const session = await env.DB.prepare("SELECT id, token FROM sessions WHERE user_id = ?")
      .bind(id)
      .first<{ id: string; token: string }>();
    await submit(`${path}/sessions/${session?.id}/revocation`, {}, { cookie });
    await submit(`${path}/sessions/revocation`, {}, { cookie });
    await submit(`${path}/ban`, { reason: "left", days: "2" }, { cookie });
    await auth("/admin/unban-user", { userId: id }, { cookie });
    await submit(`${path}/removal`, {}, { cookie });
    const noted = await entries();
    expect(noted.map(({ action, detail }) => [action, detail])).toEqual([
      ["person.remove-user", { email }],
      ["person.unban-user", { email }],
      ["person.ban-user", { email, reason: "left", seconds: 172_800 }],
      ["person.revoke-user-sessions", { email }],
      ["person.revoke-user-session", { email }],
      ["person.set-user-password", { email }],
      ["person.set-role", { email, role: "operator" }],
      ["person.create-user", { email, role: "viewer" }],
    ]);
    expect(new Set(noted.map(({ actor }) => actor))).toEqual(new Set([`user:${boss.id}`]));
    expect(new Set(noted.map(({ target }) => target))).toEqual(new Set([id]));
    const text = JSON.stringify(noted);
    for (const secret of [PASSWORD, "another-password-1", session?.token]) {
      expect(text).not.toContain(secret);
    }
  });

  it("notes nothing of what better-auth or the checks before it refuse", async () => {
    const cookie = await adminSession();
    const { id, email } = await person("viewer");
    await env.DB.prepare("DELETE FROM audit_log").run();
    const taken = { email, password: PASSWORD, name: "X", role: "viewer" };
    const refusals = [
      auth("/admin/create-user", taken, { cookie }),
      auth("/admin/set-role", { userId: id, role: "root" }, { cookie }),
      auth("/admin/set-role", { userId: "nobody", role: "viewer" }, { cookie }),
      auth("/admin/set-user-password", { userId: id, newPassword: "short" }, { cookie }),
      auth("/admin/remove-user", { userId: "nobody" }, { cookie }),
    ];
    for (const answer of await Promise.all(refusals)) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    await auth("/admin/revoke-user-session", { sessionToken: "none" }, { cookie });
    await auth("/admin/revoke-user-sessions", { userId: "nobody" }, { cookie });
    expect(await entries()).toEqual([]);
  });

  it("is for signed-in administrators", async () => {
    const key = await apiKey();
    await expectProblem(await call("/api/audit/", { key }), 403, "forbidden");
    await expectProblem(await call("/api/audit/"), 401, "unauthorized");
  });
});

describe("the page of the audit log", () => {
  const page = async (query = "") => {
    const response = await visit(`/admin/audit${query}`, { cookie: await adminSession() });
    expect(response.status).toBe(200);
    return response.text();
  };
  const rowsOf = (html: string) => html.match(/<th scope="row"[^>]*>([^<]+)/g)?.length ?? 0;

  it("tells who, by name, did what to what, with the way there", async () => {
    const boss = await person("admin");
    const who = await person("viewer", "Someone");
    const key = await apiKey(["tasks:write"]);
    const [waiting = ""] = await storeOrders(env, [anOrder()]);
    await env.DB.prepare("DELETE FROM audit_log").run();
    const role = { role: "operator" };
    await submit(`/admin/people/${who.id}/role`, role, { cookie: boss.cookie });
    await send("POST", `/api/tasks/cancel/${waiting}/`, { key });
    const html = await page();
    expect(html).toContain("Changed a role");
    expect(html).toContain(boss.email);
    expect(html).toContain(`href="/admin/people/${who.id}"`);
    expect(html).toContain(who.email);
    expect(html).toContain("Cancelled a task");
    expect(html).toContain(`href="/admin/tasks/${waiting}"`);
    expect(html).toContain("(key)");
    await submit(`/admin/people/${who.id}/removal`, {}, { cookie: boss.cookie });
    expect(await page()).toContain(who.email);
  });

  it("finds by who, by action and by target, by name or by id", async () => {
    const boss = await person("admin");
    const who = await person("viewer");
    await env.DB.prepare("DELETE FROM audit_log").run();
    const cookie = boss.cookie;
    await submit(`/admin/people/${who.id}/role`, { role: "operator" }, { cookie });
    const made = { name: "finder", scopes: "tasks:read" };
    await submit("/admin/keys", made, { cookie: await adminSession() });
    expect(rowsOf(await page())).toBe(2);
    for (const query of [
      `actor=${boss.email.toUpperCase()}`,
      `actor=user:${boss.id}`,
      "action=person.set-role",
      `q=${who.email}`,
      `q=${who.id}`,
      `q=${who.id}&actor=${boss.email}&action=person.set-role`,
    ]) {
      const html = await page(`?${query}`);
      expect(rowsOf(html), query).toBe(1);
      expect(html, query).toContain("Changed a role");
    }
    expect(await page("?q=finder")).toContain("scopes=tasks:read");
    for (const query of ["actor=nobody@example.com", "q=nothing", "action=task.run"]) {
      expect(await page(`?${query}`), query).toContain("Nothing matches");
    }
    const bad = await visit("/admin/audit?action=root", { cookie });
    expect(bad.status).toBe(400);
  });

  it("tells what a bulk action came to", async () => {
    const key = await apiKey(["tasks:write"]);
    await deliver(await storeOrders(env, [anOrder({ productos: [] }), anOrder()]), env);
    const filter = { task_module: "pedidos", status: "FAILURE" };
    const asked = { action: "discard", filter, reason: "of a test" };
    const answer = await send("POST", "/api/tasks/bulk/", { key }, asked);
    const { task_id } = await answer.json<{ task_id: string }>();
    expect(await page(`?q=${task_id}`)).toContain("is-pending");
    await deliver([task_id], env, new Engine([processOrder, bulk]));
    const html = await page(`?q=${task_id}`);
    expect(html).toMatch(/<strong>\d+ of \d+<\/strong>/);
    expect(html).toContain("<q>of a test</q>");
    expect(html).toContain("status=FAILURE");
  });

  it("shows every entry once, page by page", async () => {
    const numbers = JSON.stringify(Array.from({ length: 60 }, (_, n) => n));
    await env.DB.prepare(
      `INSERT INTO audit_log (id, at, actor, action, target)
       SELECT printf('%020d', value), value, 'user:gone', 'task.cancel', 'target-' || value
       FROM json_each(?)`,
    )
      .bind(numbers)
      .run();
    const seen: string[] = [];
    let path: string | undefined = "";
    for (let pages = 0; path !== undefined; pages += 1) {
      expect(pages).toBeLessThan(5);
      const html = await page(path);
      seen.push(...[...html.matchAll(/title="target-(\d+)"/g)].map(([, n = ""]) => n));
      path = /rel="next" href="\/admin\/audit([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => String(59 - n)));
  });

  it("runs nothing of what it tells, and is for administrators", async () => {
    const { cookie } = await person("operator");
    expect((await visit("/admin/audit", { cookie })).status).toBe(403);
    const evil = "<script>alert()</script>";
    await env.DB.prepare(
      `INSERT INTO audit_log (id, at, actor, action, target, detail)
       VALUES ('1', 1, ?1, 'queue.pause', ?1, json_object('reason', ?1, 'other', ?1))`,
    )
      .bind(evil)
      .run();
    const html = await page();
    expect(html).toContain("&lt;script&gt;alert()");
    expect(html).not.toContain("<script>");
  });
});

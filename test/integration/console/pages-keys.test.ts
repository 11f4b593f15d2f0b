import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { adminSession, call } from "../../support/api";
import { submit, visit } from "../../support/console";
import { person } from "../../support/people";

let admin: { cookie: string };

beforeAll(async () => {
  admin = { cookie: await adminSession() };
});

const KEY = /pek_([0-9a-f]{16})_[0-9a-f]{64}/;

async function make(
  fields: [string, string][],
): Promise<{ id: string; key: string; page: Response }> {
  const page = await submit("/admin/keys", fields, admin);
  const [key = "", id = ""] = KEY.exec(await page.clone().text()) ?? [];
  return { id, key, page };
}

describe("a new key", () => {
  it("is shown once, on a page nobody keeps, and works", async () => {
    const { id, key, page } = await make([
      ["name", "Shop <i>"],
      ["scopes", "orders:read"],
      ["scopes", "tasks:read"],
      ["days", "30"],
    ]);
    expect(page.status).toBe(201);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(await page.text()).toMatch(/<input id="key"[^>]* readonly/);
    expect((await call("/api/tasks/executions/", { key })).status).toBe(200);
    expect((await call("/api/pedidos", { key, method: "POST", body: "{}" })).status).toBe(403);
    const list = await (await visit("/admin/keys", admin)).text();
    expect(list).toContain(id);
    expect(list).toContain("Shop &lt;i&gt;");
    expect(list).toContain(env.ADMIN_EMAIL);
    expect(list).not.toContain(key.split("_")[2]);
    const stored = await env.DB.prepare(
      "SELECT expires_at - created_at AS life FROM api_keys WHERE id = ?",
    )
      .bind(id)
      .first("life");
    expect(stored).toBe(30 * 86_400_000);
  });

  it("need not expire", async () => {
    const { id } = await make([
      ["name", "forever"],
      ["scopes", "tasks:read"],
      ["days", ""],
    ]);
    const stored = env.DB.prepare("SELECT expires_at FROM api_keys WHERE id = ?").bind(id);
    expect(await stored.first("expires_at")).toBeNull();
  });

  it.each<[string, [string, string][], string]>([
    ["a name", [["scopes", "tasks:read"]], "Give a name of 1 to 100 characters."],
    ["a scope", [["name", "x"]], "Choose at least one."],
    [
      "a scope there is",
      [
        ["name", "x"],
        ["scopes", "root"],
      ],
      "Choose at least one.",
    ],
    [
      "days that are days",
      [
        ["name", "x"],
        ["scopes", "tasks:read"],
        ["days", "soon"],
      ],
      "Give a whole number from 1 to 3650, or nothing.",
    ],
    [
      "days in bounds",
      [
        ["name", "x"],
        ["scopes", "tasks:read"],
        ["days", "3651"],
      ],
      "Give a whole number from 1 to 3650, or nothing.",
    ],
  ])("needs %s: the field says so", async (_name, fields, words) => {
    const count = () => env.DB.prepare("SELECT count(*) AS n FROM api_keys").first("n");
    const before = await count();
    const { page } = await make(fields);
    expect(page.status).toBe(400);
    expect(await page.text()).toContain(words);
    expect(await count()).toBe(before);
  });
});

describe("revoking", () => {
  it("asks first, then the key is of no use, and once is enough", async () => {
    const { id, key } = await make([
      ["name", "to be revoked"],
      ["scopes", "tasks:read"],
    ]);
    const path = `/admin/keys/${id}/revocation`;
    expect(await (await visit(path, admin)).text()).toContain("to be revoked");
    expect((await call("/api/tasks/executions/", { key })).status).toBe(200);
    for (let times = 0; times < 2; times += 1) {
      const done = await submit(path, {}, admin);
      expect(done.headers.get("location")).toBe("/admin/keys?done=revoked");
    }
    expect((await call("/api/tasks/executions/", { key })).status).toBe(401);
    const { results } = await env.DB.prepare(
      "SELECT action FROM audit_log WHERE target = ? ORDER BY id",
    )
      .bind(id)
      .all();
    expect(results).toEqual([{ action: "key.create" }, { action: "key.revoke" }]);
    const revoked = await (await visit("/admin/keys?state=revoked", admin)).text();
    expect(revoked).toContain(id);
    expect(revoked).not.toContain(path);
    expect(await (await visit("/admin/keys?state=active", admin)).text()).not.toContain(id);
  });

  it("is 404 for a key there is not", async () => {
    expect((await visit("/admin/keys/0123456789abcdef/revocation", admin)).status).toBe(404);
    expect((await submit("/admin/keys/x/revocation", {}, admin)).status).toBe(404);
  });
});

describe("the list of keys", () => {
  it("shows each once, page by page, newest first", async () => {
    await env.DB.prepare("DELETE FROM api_keys").run();
    const numbers = JSON.stringify(Array.from({ length: 60 }, (_, n) => n + 1));
    await env.DB.prepare(
      `INSERT INTO api_keys (id, name, secret_hash, scopes, created_by, created_at)
       SELECT printf('%016x', value), 'many', 'x', '["tasks:read"]', 'gone', value / 10
       FROM json_each(?)`,
    )
      .bind(numbers)
      .run();
    const seen: string[] = [];
    let path: string | undefined = "/admin/keys?q=MAN";
    for (let pages = 0; path !== undefined; pages += 1) {
      expect(pages).toBeLessThan(5);
      const text = await (await visit(path, admin)).text();
      seen.push(
        ...[...text.matchAll(/<code class="note fine">([0-9a-f]{16})<\/code>/g)].map(
          ([, id = ""]) => id,
        ),
      );
      path = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    const ids = Array.from({ length: 60 }, (_, n) => (60 - n).toString(16).padStart(16, "0"));
    expect(seen).toEqual(ids);
  });

  it("tells active from expired, and who never used theirs", async () => {
    await env.DB.prepare("DELETE FROM api_keys").run();
    const empty = await (await visit("/admin/keys", admin)).text();
    expect(empty).toContain("There are no keys yet");
    const { id } = await make([
      ["name", "short-lived"],
      ["scopes", "tasks:read"],
      ["days", "1"],
    ]);
    expect(await (await visit("/admin/keys", admin)).text()).toContain("not used");
    await env.DB.prepare("UPDATE api_keys SET expires_at = ?")
      .bind(Date.now() - 1)
      .run();
    expect(await (await visit("/admin/keys?state=expired", admin)).text()).toContain(id);
    expect(await (await visit("/admin/keys?state=active", admin)).text()).not.toContain(id);
  });

  it("is for administrators only", async () => {
    const operator = { cookie: (await person("operator")).cookie };
    expect((await visit("/admin/keys", operator)).status).toBe(403);
    const fields = { name: "x", scopes: "tasks:read" };
    expect((await submit("/admin/keys", fields, operator)).status).toBe(403);
  });
});

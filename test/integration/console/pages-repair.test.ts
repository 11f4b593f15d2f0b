import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../../src/caller";
import { newBatchId } from "../../../src/lib/ids";
import { adminSession, call, type CallInit, ORIGIN } from "../../support/api";
import { seedTasks } from "../../support/api-rows";
import { storeOrders, taskOf, deliver } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks, recount } from "../../support/recount";

const people = {} as Record<Role, string>;

async function visit(path: string, cookie = people.operator, init: CallInit = {}) {
  const headers = { accept: "text/html", ...(init.headers as Record<string, string>) };
  const response = await call(path, { ...init, cookie, headers });
  return { status: response.status, location: response.headers.get("location") ?? "", response };
}

async function pageOf(path: string, cookie = people.operator): Promise<string> {
  const { status, response } = await visit(path, cookie);
  expect(status, path).toBe(200);
  return response.text();
}

function submit(
  path: string,
  fields: Record<string, string> | string[][],
  cookie = people.operator,
) {
  return visit(path, cookie, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: ORIGIN,
      "sec-fetch-site": "same-origin",
    },
  });
}

/** Makes orders that failed, without their messages ever being sent. */
async function failed(orders: readonly unknown[]): Promise<string[]> {
  const ids = await storeOrders(env, orders);
  await deliver(ids, env);
  return ids;
}

const bad = (count: number, overrides: Record<string, unknown>) =>
  Array.from({ length: count }, () => anOrder(overrides));

beforeAll(async () => {
  people.admin = await adminSession();
  for (const role of ["viewer", "operator"] as const) {
    const account = { email: `${role}@example.com`, password: "a-person-of-the-tests" };
    const made = await call("/api/auth/admin/create-user", {
      method: "POST",
      cookie: people.admin,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...account, name: role, role }),
    });
    expect(made.status).toBe(200);
    const signedIn = await submit("/sign-in", account, "");
    const cookies = signedIn.response.headers.getSetCookie();
    people[role] = cookies.map((cookie) => cookie.split(";")[0]).join("; ");
  }
});

beforeEach(clearTasks);

async function endOf(id: string) {
  await expect.poll(async () => (await taskOf(id)).status, { timeout: 15_000 }).toBe("SUCCESS");
  return JSON.parse((await taskOf(id)).result ?? "null") as { matched: number; done: number };
}

const idIn = (location: string) => /\/admin\/tasks\/([0-9a-f-]{36})/.exec(location)?.[1] ?? "";

describe("the failures' page", () => {
  it("groups by code and message, numbers aside, with what to do about each", async () => {
    const unknown = (sku: string) => anOrder({ productos: [{ sku, cantidad: 1 }] });
    await failed([...bad(3, { productos: [] }), unknown("P901"), unknown("P902")]);
    const text = await pageOf("/admin/failures");
    expect([...text.matchAll(/<strong>(\d+)<\/strong>/g)].map(([, count]) => count)).toEqual([
      "3",
      "2",
    ]);
    expect(text).toContain("SKU &quot;P#&quot;");
    expect(text).toContain("Lo enviado está mal");
    expect(text).toContain("code=empty_order&amp;");
  });

  it("leaves out what is discarded, and filters by name, module and day", async () => {
    const [id = ""] = await failed(bad(2, { productos: [] }));
    await submit(`/admin/tasks/${id}/discards`, { reason: "Not ours" });
    expect(await pageOf("/admin/failures")).toContain("<strong>1</strong>");
    expect(await pageOf("/admin/failures?module=pedidos")).toContain("<strong>1</strong>");
    for (const filter of ["module=system", "name=system.bulk", "to=2020-01-01"]) {
      expect(await pageOf(`/admin/failures?${filter}`)).toContain("Ningún fallo por atender");
    }
    expect((await visit("/admin/failures?from=x&before=y")).status).toBe(400);
  });

  it("looks at 1,000 at a time, and leads on to earlier ones", async () => {
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 1003 }, () => "FAILURE" as const),
    );
    const text = await pageOf("/admin/failures");
    expect(text).toMatch(/<strong>1[.,]000<\/strong>/);
    const next = /href="(\/admin\/failures\?[^"]*before=[^"]+)"/.exec(text)?.[1] ?? "";
    expect(await pageOf(next.replaceAll("&amp;", "&"))).toContain("<strong>3</strong>");
  });
});

describe("an action on many tasks", () => {
  const all = "status=FAILURE&discarded=no&code=empty_order";

  it("says how many, then is a task that does it to just those", async () => {
    const ids = await failed([...bad(3, { productos: [] }), ...bad(2, { cliente: "" })]);
    await submit(`/admin/tasks/${ids[0]}/discards`, { reason: "Not ours" });
    const path = "/admin/tasks/bulk/matching";
    const text = await pageOf(`${path}?action=discard&${all}`);
    expect(text).toContain("Descartar 2 fallos");
    expect(text).toContain("No se puede deshacer.");
    const fields = { action: "discard", ...Object.fromEntries(new URLSearchParams(all)) };
    expect((await submit(path, { ...fields, reason: " x " })).status).toBe(400);
    const { status, location } = await submit(path, { ...fields, reason: "A test" });
    expect(status).toBe(303);
    expect(location).toContain("?done=bulk");
    const id = idIn(location);
    expect(await endOf(id)).toEqual({ matched: 2, done: 2 });
    const noted = await env.DB.prepare("SELECT action, detail FROM audit_log WHERE target = ?1")
      .bind(id)
      .first<{ action: string; detail: string }>();
    expect(noted?.action).toBe("tasks.discard");
    expect(JSON.parse(noted?.detail ?? "null")).toMatchObject({
      reason: "A test",
      filter: { code: "empty_order" },
    });
    expect((await taskOf(ids[1])).discard_reason).toBe("A test");
    expect((await taskOf(ids[3])).discard_reason).toBeNull();
    const page = await pageOf(`/admin/tasks/${id}`);
    expect(page).toContain("Acción en bloque");
    expect(page).toMatch(/Hechas<\/dt><dd>2</);
  });

  it("of the same error means the same message too", async () => {
    const wrong = (cantidad: unknown) => anOrder({ productos: [{ sku: "P001", cantidad }] });
    await failed([wrong(0), wrong(-7), wrong("many")]);
    const text = await pageOf("/admin/failures");
    const links = [...text.matchAll(/href="(\/admin\/tasks\/bulk\/matching\?action=retry[^"]*)"/g)];
    const counts = await Promise.all(
      links.map(async ([, link = ""]) => {
        const question = await pageOf(link.replaceAll("&amp;", "&"));
        return /<h1>Reintentar (\d+)/.exec(question)?.[1];
      }),
    );
    expect(counts).toEqual(["2", "1"]);
  });

  it("takes picked ones as they allow it: no discarded one is retried", async () => {
    const ids = await failed([...bad(3, { productos: [] }), anOrder()]);
    await submit(`/admin/tasks/${ids[0]}/discards`, { reason: "Not ours" });
    const fields = [["action", "retry"], ...ids.map((id) => ["id", id])];
    const query = new URLSearchParams(fields).toString();
    const text = await pageOf(`/admin/tasks/bulk/picked?${query}`);
    expect(text).toContain("<h1>Reintentar 2 tareas");
    expect(text).toContain("Marcadas a mano: 4.");
    expect(text).toContain("otras 2");
    const { location } = await submit("/admin/tasks/bulk/picked", fields);
    expect((await endOf(idIn(location))).done).toBe(2);
    expect((await taskOf(ids[0])).timeline).not.toContain("resumed");
    expect((await taskOf(ids[1])).timeline).toContain("resumed");
  });

  it("does not promise to retry what nobody can run", async () => {
    const ids = await seedTasks(newBatchId(Date.now()), ["FAILURE"]);
    await env.DB.prepare("UPDATE tasks SET name = 'gone.away'").run();
    await recount();
    const text = await pageOf(`/admin/tasks/bulk/picked?action=retry&id=${ids[0]?.id}`);
    expect(text).toContain("Ninguna se puede reintentar");
    expect(text).not.toContain('class="button primary"');
  });

  it("counts to 1,000, and says when there may be more", async () => {
    await seedTasks(
      newBatchId(Date.now() - 9),
      Array.from({ length: 1000 }, () => "FAILURE" as const),
    );
    const path = "/admin/tasks/bulk/matching?action=retry&status=FAILURE";
    expect(await pageOf(path)).toMatch(/<h1>Reintentar 1[.,]000 tareas/);
    await seedTasks(newBatchId(Date.now()), ["FAILURE"]);
    expect(await pageOf(path)).toMatch(/<h1>Reintentar 1[.,]000\+ tareas/);
    // The page promises what was found, not what was looked at.
    await env.DB.prepare("UPDATE tasks SET status = 'REVOKED' WHERE id LIKE '%7'").run();
    await recount();
    expect(await pageOf(path)).toMatch(/<h1>Reintentar 9[0-9]{2}\+ tareas/);
  });

  it("counts what waits without sorting it", async () => {
    await seedTasks(
      newBatchId(Date.now()),
      Array.from({ length: 600 }, () => "PENDING" as const),
    );
    const path = "/admin/tasks/bulk/matching?action=cancel";
    expect(await pageOf(path)).toContain("<h1>Cancelar 501+ tareas");
  });

  it("counts those a rare filter finds behind 1,000 others", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    await seedTasks(
      newBatchId(Date.now() + 9),
      Array.from({ length: 1500 }, () => "REVOKED" as const),
    );
    expect(await pageOf("/admin/tasks/bulk/matching?action=discard")).toContain(
      "<h1>Descartar 1 fallo",
    );
    expect((await taskOf(id)).status).toBe("FAILURE");
  });

  it("refuses what its forms never send, and whoever may not act", async () => {
    for (const query of ["action=explode&id=1", "action=retry&id=1", "id=1"]) {
      expect((await visit(`/admin/tasks/bulk/picked?${query}`)).status).toBe(400);
    }
    expect((await visit("/admin/tasks/bulk/matching?action=retry&status=X")).status).toBe(400);
    const none = await visit("/admin/tasks/bulk/picked?action=retry");
    expect(none.status).toBe(400);
    expect(await none.response.text()).toContain("No hay ninguna marcada");
    expect((await submit("/admin/tasks/bulk/picked", { action: "retry" })).status).toBe(400);
    const fields = { action: "retry" };
    expect((await visit("/admin/tasks/bulk/matching?action=retry", people.viewer)).status).toBe(
      403,
    );
    expect((await submit("/admin/tasks/bulk/matching", fields, people.viewer)).status).toBe(403);
    await seedTasks(newBatchId(Date.now()), ["FAILURE"]);
    const picks = /action="\/admin\/tasks\/bulk|name="id"/;
    expect(await pageOf("/admin/tasks")).toMatch(picks);
    expect(await pageOf("/admin/tasks", people.viewer)).not.toMatch(picks);
  });
});

describe("discarding one", () => {
  it("asks for a reason, shows it, and is done once", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const path = `/admin/tasks/${id}/discards`;
    expect(await pageOf(`/admin/tasks/${id}`)).toContain(path);
    expect((await submit(path, { reason: "" })).status).toBe(400);
    expect((await submit(path, { reason: "<b>Not ours</b>" })).location).toContain("?done=discard");
    const text = await pageOf(`/admin/tasks/${id}`);
    expect(text).toContain("&lt;b&gt;Not ours&lt;/b&gt;");
    expect(text).toContain("Descartada por una persona");
    expect(text).not.toContain(path);
    const again = await submit(path, { reason: "Not ours" });
    expect(again.status).toBe(409);
    expect(await again.response.text()).toContain("alguien lo ha descartado antes");
    expect((await submit(path, { reason: "Not ours" }, people.viewer)).status).toBe(403);
    const listed = await pageOf("/admin/tasks?discarded=yes");
    expect(listed).toContain(`data-task="${id}"`);
    expect(await pageOf("/admin/tasks?discarded=no")).not.toContain(`data-task="${id}"`);
    expect((await visit("/admin/tasks?discarded=maybe")).status).toBe(400);
  });
});

describe("cancelling", () => {
  it("is for anybody who asked for the task", async () => {
    const { id: user } = (await env.DB.prepare(
      "SELECT id FROM users WHERE email = 'viewer@example.com'",
    ).first<{ id: string }>()) ?? { id: "" };
    const [mine = "", other = ""] = await storeOrders(env, [anOrder(), anOrder()]);
    await env.DB.prepare("UPDATE tasks SET user = ?1 WHERE id = ?2")
      .bind(`user:${user}`, mine)
      .run();
    expect(await pageOf(`/admin/tasks/${mine}`, people.viewer)).toContain("cancellations");
    expect(await pageOf(`/admin/tasks/${other}`, people.viewer)).not.toContain("cancellations");
    const refused = await submit(`/admin/tasks/${other}/cancellations`, {}, people.viewer);
    expect(refused.status).toBe(403);
    const done = await submit(`/admin/tasks/${mine}/cancellations`, {}, people.viewer);
    expect(done.status).toBe(303);
    expect((await taskOf(mine)).status).toBe("REVOKED");
  });
});

describe("edit and replay", () => {
  const inputOf = (text: string) =>
    (/<textarea[^>]*id="input"[^>]*>\n([^<]*)<\/textarea>/.exec(text)?.[1] ?? "")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&");

  it("keeps every number and text of the input as it was", async () => {
    const [id = ""] = await failed(bad(1, { productos: [], nota: 'a "b" é\u202e\n&amp;' }));
    const input = '{"id":9007199254740993,"nota":"é\\u202e\\n&amp;","x":[0.12345678901234567891]}';
    await env.DB.prepare("UPDATE tasks SET input = ?1").bind(input).run();
    const shown = inputOf(await pageOf(`/admin/tasks/${id}/replays`));
    expect(shown).toContain('"id": 9007199254740993');
    const fields = { input: shown.replaceAll("\n", "\r\n") };
    const path = `/admin/tasks/${id}/replays`;
    const warned = await submit(path, fields);
    expect(warned.status).toBe(422);
    const anyway = /name="anyway" value="([^"]+)"/.exec(await warned.response.text())?.[1] ?? "";
    const sent = await submit(path, { ...fields, anyway: anyway.replaceAll("&quot;", '"') });
    expect(sent.status).toBe(303);
    const stored = (await taskOf(idIn(sent.location))).input;
    expect(JSON.stringify(JSON.parse(stored))).toBe(JSON.stringify(JSON.parse(input)));
    expect(stored).toContain("9007199254740993");
    expect(stored).toContain("0.12345678901234567891");
    expect(await pageOf(`/admin/tasks/${idIn(sent.location)}`)).toContain("9007199254740993");
  });

  it("names the line and column of what is not JSON, and keeps what was typed", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const typed = '{\r\n  "id": 1,\r\n  "cliente" "A"\r\n}';
    const { status, response } = await submit(`/admin/tasks/${id}/replays`, { input: typed });
    expect(status).toBe(422);
    const text = await response.text();
    expect(text).toContain("línea 3, columna 13");
    expect(inputOf(text)).toBe(typed.replaceAll("\r\n", "\n"));
  });

  it("warns of what would fail, and sends only what was warned of anyway", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const path = `/admin/tasks/${id}/replays`;
    const wrong = JSON.stringify(anOrder({ productos: [] }));
    const first = await submit(path, { input: wrong });
    expect(first.status).toBe(422);
    const text = await first.response.text();
    expect(text).toContain("Fallaría en la primera etapa");
    const anyway = /name="anyway" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const other = JSON.stringify(anOrder({ cliente: "" }));
    expect((await submit(path, { input: other, anyway })).status).toBe(422);
    expect((await submit(path, { input: wrong, anyway })).status).toBe(303);
  });

  it("makes a task that names its original, which is discarded for it", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const path = `/admin/tasks/${id}/replays`;
    const { location } = await submit(path, { input: JSON.stringify(anOrder()) });
    const copy = idIn(location);
    expect((await taskOf(copy)).replay_of).toBe(id);
    expect(await pageOf(`/admin/tasks/${copy}`)).toContain(`href="/admin/tasks/${id}"`);
    expect(await pageOf(`/admin/tasks/${id}`)).toContain(`href="/admin/tasks/${copy}"`);
  });

  it("links a discarded task to its copy, whatever words its reason has", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const path = `/admin/tasks/${id}`;
    const { location } = await submit(`${path}/replays`, { input: JSON.stringify(anOrder()) });
    const link = `href="/admin/tasks/${idIn(location)}"`;
    await env.DB.prepare("UPDATE tasks SET discard_reason = 'so' WHERE id = ?1").bind(id).run();
    expect(await pageOf(path)).toContain(link);
  });

  it("links likewise where an older version said it in words only", async () => {
    const [id = "", copy = ""] = await failed(bad(2, { productos: [] }));
    const path = `/admin/tasks/${id}`;
    const discarded = `[{"at":1,"event":"discarded","by":"user:x","reason":"replayed as ${copy}"}]`;
    await env.DB.prepare("UPDATE tasks SET discard_reason = ?2, timeline = ?3 WHERE id = ?1")
      .bind(id, `replayed as ${copy}`, discarded)
      .run();
    expect(await pageOf(path)).toContain(`href="/admin/tasks/${copy}"`);
  });

  it("refuses nests without end, tasks under way, internal ones, and viewers", async () => {
    const [id = ""] = await failed(bad(1, { productos: [] }));
    const deep = "[".repeat(40_000) + "]".repeat(40_000);
    expect((await submit(`/admin/tasks/${id}/replays`, { input: deep })).status).toBe(422);
    const [open = ""] = await storeOrders(env, [anOrder()]);
    const order = { input: JSON.stringify(anOrder()) };
    expect((await submit(`/admin/tasks/${open}/replays`, order)).status).toBe(409);
    const asked = await submit(`/admin/tasks/${id}/replays`, order, people.viewer);
    expect(asked.status).toBe(403);
    await env.DB.prepare("UPDATE tasks SET name = 'system.bulk' WHERE id = ?1").bind(id).run();
    await recount();
    expect((await submit(`/admin/tasks/${id}/replays`, order)).status).toBe(404);
  });
});

describe("dead letters", () => {
  it("show the raw body of what was never ours, and what can be done", async () => {
    const lote = newBatchId(Date.now());
    const [stranger, ours] = await seedTasks(lote, ["FAILURE", "FAILURE"], (i) => `s${i}`);
    const body = "<script>alert(1)</script>\u202e\u0000";
    await env.DB.batch([
      env.DB.prepare(
        `UPDATE tasks SET name = 'system.message', module = 'system', max_attempts = 0,
           error_code = 'invalid_message', input = ?1 WHERE id = ?2`,
      ).bind(JSON.stringify({ message_id: "m", body }), stranger?.id),
      env.DB.prepare("UPDATE tasks SET error_code = 'dead_letter' WHERE id = ?1").bind(ours?.id),
    ]);
    await recount();
    await failed(bad(1, { productos: [] }));
    const text = await pageOf("/admin/dead-letters");
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\u0000");
    expect([...text.matchAll(/<tr data-task=/g)]).toHaveLength(2);
    expect(text).not.toContain(`${stranger?.id}/retries`);
    expect(text).toContain(`${ours?.id}/retries`);
    expect(text).toContain("A todas las del filtro (2)");
    const matching = "action=discard&status=FAILURE&discarded=no&code=dead_letter,invalid_message";
    expect(await pageOf(`/admin/tasks/bulk/matching?${matching}`)).toContain("Descartar 2 fallos");
    expect(await pageOf("/admin/dead-letters", people.viewer)).not.toMatch(/discards|class="pick"/);
    expect(await pageOf("/admin/dead-letters?discarded=yes")).toContain("No se ha descartado");
    expect((await visit("/admin/dead-letters?cursor=x")).status).toBe(400);
  });
});

describe("notifications", () => {
  async function tell(user: string, rows: { id: string; count?: number; read?: boolean }[]) {
    const statement = env.DB.prepare(
      `INSERT INTO notifications (id, user, fold, type, task_id, task_name, message, count,
         created_at, updated_at, read_at)
       VALUES (?1, ?2, ?1, 'error', 'the-task', 'pedidos.procesar', ?3, ?4, 1, 1, ?5)`,
    );
    await env.DB.batch(
      rows.map(({ id, count = 1, read }) =>
        statement.bind(id, user, `<i>${id}</i>`, count, read ? 1 : null),
      ),
    );
  }

  beforeEach(() => env.DB.exec("DELETE FROM notifications"));

  const idOf = async (email: string) =>
    `user:${(await env.DB.prepare("SELECT id FROM users WHERE email = ?1").bind(email).first<{ id: string }>())?.id}`;

  it("are counted in the bar, shown unread first, and marked one by one or all", async () => {
    const user = await idOf("viewer@example.com");
    await tell(user, [{ id: "a", count: 37 }, { id: "b" }, { id: "c", read: true }]);
    await tell(await idOf("operator@example.com"), [{ id: "theirs" }]);
    const bell = async () =>
      /data-unread="">(\d+)/.exec(await pageOf("/admin/orders", people.viewer))?.[1];
    expect(await bell()).toBe("2");
    const text = await pageOf("/admin/notifications", people.viewer);
    expect(text).toContain("37 veces");
    expect(text).toContain("&lt;i&gt;a&lt;/i&gt;");
    expect(text).toContain('href="/admin/tasks/the-task"');
    expect(text).not.toContain("theirs");
    expect(text.indexOf("&lt;i&gt;b&lt;")).toBeLessThan(text.indexOf("&lt;i&gt;c&lt;"));
    await submit("/admin/notifications/read", { id: "theirs" }, people.viewer);
    const { location } = await submit("/admin/notifications/read", { id: "a" }, people.viewer);
    expect(location).toBe("/admin/notifications");
    expect(await bell()).toBe("1");
    await submit("/admin/notifications/read", { all: "1" }, people.viewer);
    expect(await bell()).toBeUndefined();
    expect(await pageOf("/admin/notifications")).toContain("theirs");
    expect(await pageOf("/admin/orders")).toMatch(/data-unread="">1/);
  });

  it("show 99+ for a flood", async () => {
    const user = await idOf("viewer@example.com");
    await tell(
      user,
      Array.from({ length: 120 }, (_, i) => ({ id: `n${i}` })),
    );
    expect(await pageOf("/admin/orders", people.viewer)).toContain('data-unread="">99+');
    expect(await pageOf("/admin/notifications", people.viewer)).toContain("Sin leer (120)");
  });
});

describe("the look of the task history", () => {
  const lookIn = (response: Response) =>
    response.headers.getSetCookie().find((cookie) => cookie.startsWith("tasks_look=")) ?? "";

  it("is kept in a cookie, and goes back to how it was", async () => {
    await seedTasks(newBatchId(Date.now()), ["FAILURE"]);
    const fields = [
      ["density", "dense"],
      ["column", "created"],
      ["column", "nonsense"],
      ["back", "/admin/tasks?status=FAILURE"],
    ];
    const kept = await submit("/admin/tasks/look", fields);
    expect(kept.location).toBe("/admin/tasks?status=FAILURE");
    const cookie = lookIn(kept.response);
    expect(cookie).toMatch(/^tasks_look=dense\.created; .*HttpOnly/);
    const columns = async (cookies: string) => {
      const text = await pageOf("/admin/tasks", cookies);
      const heads = [...text.matchAll(/<th scope="col"[^>]*>([^<]+)/g)].map(([, name]) => name);
      return { heads, dense: text.includes('class="rows dense"') };
    };
    const look = await columns(`${people.operator}; ${cookie.split(";")[0]}`);
    expect(look).toEqual({ heads: ["Tarea", "Estado", "Aceptada"], dense: true });
    const usual = await columns(people.operator);
    expect(usual.heads).toHaveLength(8);
    expect(await columns(`${people.operator}; tasks_look=<b>.x`)).toEqual(usual);
    const reset = await submit("/admin/tasks/look", { reset: "1", back: "//evil.example" });
    expect(reset.location).toBe("/admin/tasks");
    expect(lookIn(reset.response)).toContain("Max-Age=0");
  });
});

it("finds picked tasks by their key", async () => {
  const { results } = await env.DB.prepare(
    `EXPLAIN QUERY PLAN SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?1))
       AND id < ?2 ORDER BY id DESC LIMIT 1001`,
  )
    .bind("[]", "f")
    .all<{ detail: string }>();
  expect(results.map(({ detail }) => detail).join("\n")).toMatch(/SEARCH tasks USING PRIMARY KEY/);
});

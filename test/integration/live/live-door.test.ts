import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeEnded } from "../../../src/live/ended";
import { CLOSE_ENDED } from "../../../src/live/hub.do";
import { makeTicket } from "../../../src/live/tickets";
import { newBatchId, taskId } from "../../../src/lib/ids";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectProblem,
  ORIGIN,
} from "../../support/api";
import { seedLease, seedTasks } from "../../support/api-rows";
import { cookiesOf, makeKey, person } from "../../support/auth-site";
import { aChange, listen, publishNow, upgrade } from "../../support/live";
import { recount } from "../../support/recount";
import { fill, nameOf, routeTable } from "../../support/route-table";

const SHOP = "https://shop.example";
const allowed: CallInit = { env: { ALLOWED_ORIGINS: `${SHOP}, https://other.example` } };
const fromShop = { ...allowed, headers: { origin: SHOP } };

async function ticket(init: CallInit, body: unknown = {}): Promise<string> {
  const response = await call("/api/live/tickets", {
    ...init,
    method: "POST",
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  const answer = await response.json<{ ticket: string; expires_at: string }>();
  expect(Date.parse(answer.expires_at) - Date.now()).toBeGreaterThan(50_000);
  expect(Date.parse(answer.expires_at) - Date.now()).toBeLessThanOrEqual(60_000);
  return encodeURIComponent(answer.ticket);
}

const asTicket = (text: string) => ({ authorization: `Ticket ${decodeURIComponent(text)}` });

interface Listed {
  count: number;
  results: { task_id?: string; worker?: string; tasks?: { task_id: string }[] }[];
}

async function signInAs({ email, password }: { email: string; password: string }) {
  const response = await call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  return cookiesOf(response);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("GET /api/live", () => {
  it("opens for a session and for a key, and for nobody else", async () => {
    const session = await listen("", { cookie: await adminSession(), headers: { origin: ORIGIN } });
    const key = await listen("", { key: await apiKey(["tasks:read"]) });
    expect([session.closed, key.closed]).toEqual([null, null]);
    await expectProblem(await upgrade(""), 401, "unauthorized");
    await expectProblem(await upgrade("", { key: "pek_x" }), 401, "invalid_key");
  });

  it("wants an upgrade, and parameters it can read", async () => {
    const key = await apiKey();
    await expectProblem(await call("/api/live", { key }), 426, "upgrade_required");
    const bad = await expectProblem(await upgrade("lote=x", { key }), 400, "invalid_parameter");
    expect(bad["parameter"]).toBe("lote");
    for (const half of ["epoch=x", "seq=1"]) {
      const refused = await expectProblem(await upgrade(half, { key }), 400, "invalid_parameter");
      expect(refused.detail).toBe("seq: give both epoch and seq, or neither");
    }
  });

  it("refuses another site's page, a reader's cookie or not", async () => {
    const cookie = await adminSession();
    for (const init of [{}, allowed]) {
      const foreign = { ...init, cookie, headers: { origin: SHOP } };
      await expectProblem(await upgrade("", foreign), 403, "cross_site");
    }
  });

  it("shows a caller without tasks:read only its own tasks", async () => {
    const { id, key } = await makeKey(["orders:write"]);
    const listener = await listen("", { key });
    const mine = aChange({ user: `key:${id}` });
    await publishNow(mine, aChange({ user: "key:other" }), aChange());
    await vi.waitFor(() => expect([...listener.rows.keys()]).toEqual([mine.id]));
    await expectProblem(await upgrade("user=key%3Aother", { key }), 403, "forbidden");
    await listen(`user=key%3A${id}`, { key });
  });

  it("takes a bare id for no more than the caller may see", async () => {
    const { id, key } = await makeKey(["orders:write"]);
    const listener = await listen(`user=${id}`, { key });
    const mine = aChange({ user: `key:${id}` });
    await publishNow(aChange({ user: `user:${id}` }), aChange({ user: id }), mine);
    await vi.waitFor(() => expect([...listener.rows.keys()]).toEqual([mine.id]));
    await expectProblem(await upgrade(`user=user%3A${id}`, { key }), 403, "forbidden");
  });

  it("does not let one caller take every socket", async () => {
    const key = await apiKey();
    const all = await Promise.all(Array.from({ length: 51 }, () => upgrade("", { key })));
    const statuses = all.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([101, 429]));
    all.forEach(({ webSocket }) => webSocket?.accept());
    all.forEach(({ webSocket }) => webSocket?.close());
  });
});

describe("a socket ends with", () => {
  it("its session, at once", async () => {
    const who = await person("viewer");
    const { cookie } = who;
    const signedOut = await listen("", { cookie });
    const signedIn = await listen("", { cookie: await signInAs(who) });
    const out = await call("/api/auth/sign-out", {
      method: "POST",
      cookie,
      headers: { "content-type": "application/json", origin: ORIGIN },
      body: "{}",
    });
    expect(out.status).toBe(200);
    await vi.waitFor(() => expect(signedOut.closed).toBe(CLOSE_ENDED));
    await publishNow(aChange());
    await vi.waitFor(() => expect(signedIn.rows.size).toBe(1));
    // The cookie still bears a signed copy of the session, but a socket asks the database.
    await expectProblem(await upgrade("", { cookie }), 401, "unauthorized");
  });

  it("the password that opened its session", async () => {
    const who = await person("viewer");
    const own = await listen("", { cookie: who.cookie });
    const [other, away] = await Promise.all([signInAs(who), signInAs(who)]);
    const elsewhere = await listen("", { cookie: other });
    const body = { currentPassword: who.password, newPassword: "the-next-password" };
    const post = (path: string, cookie: string, asked: unknown) =>
      call(`/api/auth/${path}`, {
        method: "POST",
        cookie,
        headers: { origin: ORIGIN, "content-type": "application/json" },
        body: JSON.stringify(asked),
      });
    expect((await post("change-password", who.cookie, body)).status).toBe(200);
    await vi.waitFor(() => expect(elsewhere.closed).toBe(CLOSE_ENDED));
    await expectProblem(await upgrade("", { cookie: away }), 401, "unauthorized");
    expect(own.closed).toBeNull();
    const reset = { userId: who.id, newPassword: "another-password" };
    expect((await post("admin/set-user-password", await adminSession(), reset)).status).toBe(200);
    await vi.waitFor(() => expect(own.closed).toBe(CLOSE_ENDED));
  });

  it("its person, once banned", async () => {
    const { id, cookie } = await person("viewer");
    const listener = await listen("", { cookie });
    await env.DB.prepare("UPDATE users SET banned = 1 WHERE id = ?").bind(id).run();
    await closeEnded(env, Date.now());
    await vi.waitFor(() => expect(listener.closed).toBe(CLOSE_ENDED));
  });

  it("its key, once revoked", async () => {
    const { id, key } = await makeKey(["tasks:read"]);
    const listener = await listen("", { key });
    const cookie = await adminSession();
    const headers = { origin: ORIGIN };
    await call(`/api/keys/${id}`, { method: "DELETE", cookie, headers });
    await vi.waitFor(() => expect(listener.closed).toBe(CLOSE_ENDED));
    await expectProblem(await upgrade("", { key }), 401, "invalid_key");
  });

  it("its own end: nothing is told after that", async () => {
    const holder = { kind: "link" as const, id: "x", until: Date.now() + 3000 };
    const made = await makeTicket(env, { holder, filter: {}, reads: false }, Date.now());
    const listener = await listen(`ticket=${encodeURIComponent(made.ticket)}`);
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 4000);
    await publishNow(aChange());
    await vi.waitFor(() => expect(listener.closed).toBe(CLOSE_ENDED));
    expect(listener.rows.size).toBe(0);
  });
});

describe("a ticket", () => {
  it("opens one socket for a page of an allowed site", async () => {
    const text = await ticket({ ...fromShop, key: await apiKey() });
    const listener = await listen(`ticket=${text}`, fromShop);
    await publishNow(aChange());
    await vi.waitFor(() => expect(listener.rows.size).toBe(1));
    await expectProblem(await upgrade(`ticket=${text}`, fromShop), 403, "invalid_ticket");
  });

  it("is of no use to a site that is not allowed", async () => {
    const key = await apiKey();
    const evil = { ...allowed, headers: { origin: "https://evil.example" } };
    const refused = await upgrade(`ticket=${await ticket({ key })}`, evil);
    await expectProblem(refused, 403, "cross_site");
    const nobody = { headers: { origin: SHOP } };
    await expectProblem(
      await upgrade(`ticket=${await ticket({ key })}`, nobody),
      403,
      "cross_site",
    );
  });

  it("expires, cannot be changed, and is not made by anonymous callers", async () => {
    const text = await ticket({ key: await apiKey() });
    const [body, signature] = decodeURIComponent(text).split(".");
    for (const bad of [`${body}x.${signature}`, `${body}.${"A".repeat(43)}`, "x", "x.y", "é.é"]) {
      const refused = await upgrade(`ticket=${encodeURIComponent(bad)}`);
      await expectProblem(refused, 403, "invalid_ticket");
    }
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await expectProblem(await upgrade(`ticket=${text}`), 403, "invalid_ticket");
    const anonymous = await call("/api/live/tickets", { method: "POST", body: "{}" });
    await expectProblem(anonymous, 401, "unauthorized");
  });

  it("sees no more than what it was made for", async () => {
    const lote = newBatchId(Date.now());
    const key = await apiKey();
    const wide = await upgrade(`module=x&ticket=${await ticket({ key }, { module: "y" })}`);
    await expectProblem(wide, 403, "forbidden");
    const listener = await listen(`module=pedidos&ticket=${await ticket({ key }, { lote })}`);
    const inside = aChange({ id: `${lote}0001` });
    await publishNow(aChange(), inside);
    await vi.waitFor(() => expect([...listener.rows.keys()]).toEqual([inside.id]));
  });

  it("reads a list once instead, and nothing else", async () => {
    const key = await apiKey();
    const list = (text: string, query = "", init: CallInit = {}) =>
      call(`/api/tasks/executions/${query}`, {
        ...fromShop,
        ...init,
        headers: { origin: SHOP, ...asTicket(text) },
      });
    const text = await ticket({ key });
    const answer = await list(text);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
    await expectProblem(await list(text), 403, "invalid_ticket");
    await expectProblem(await upgrade(`ticket=${text}`), 403, "invalid_ticket");
    const lote = newBatchId(Date.now());
    await expectProblem(await list(await ticket({ key }, { lote })), 403, "invalid_ticket");
    expect((await list(await ticket({ key }, { lote }), `?lote=${lote}`)).status).toBe(200);
    const blind = await ticket({ key: await apiKey(["orders:read"]) });
    await expectProblem(await list(blind), 403, "invalid_ticket");
    const headers = asTicket(await ticket({ key }));
    await expectProblem(await call("/api/pedidos/", { headers }), 401, "unauthorized");
    await expectProblem(await call("/api/keys/", { headers }), 401, "unauthorized");
  });

  it("bound to some tasks reads only these, of every list it may read", async () => {
    const { id: user, key } = await makeKey(["tasks:read", "tasks:track"]);
    const lote = newBatchId(Date.now());
    const other = newBatchId(Date.now());
    await seedTasks(lote, ["PENDING", "PENDING"]);
    await seedTasks(other, ["PENDING", "PENDING"]);
    await env.DB.prepare("UPDATE tasks SET user = ?, module = 'nomina' WHERE id >= ? AND id <= ?")
      .bind(`key:${user}`, taskId(lote, 0), taskId(lote, 1))
      .run();
    await recount();
    await seedLease("mixed", [taskId(other, 0), taskId(lote, 0), taskId(lote, 1)]);
    await seedLease("another's", [taskId(other, 1)]);
    const own = [taskId(lote, 0), taskId(lote, 1)];
    const read = async (path: string, filter: unknown, query: string) => {
      const headers = { origin: SHOP, ...asTicket(await ticket({ key }, filter)) };
      return call(`/api/tasks/${path}?${query}`, { ...fromShop, headers });
    };
    const filters = [
      [{ user: `key:${user}` }, `user=key%3A${user}`],
      [{ module: "nomina" }, "task_module=nomina"],
      [{ lote }, `lote=${lote}`],
    ] as const;
    for (const [filter, query] of filters) {
      const executions = await (await read("executions/", filter, query)).json<Listed>();
      expect(executions.results.map(({ task_id }) => task_id).toReversed()).toEqual(own);
      const workers = await (await read("workers/", filter, query)).json<Listed["results"]>();
      expect(workers).toMatchObject([{ worker: "mixed", batch_size: 2 }]);
      expect(workers[0]?.tasks?.map(({ task_id }) => task_id)).toEqual(own);
      const [name = ""] = query.split("=");
      for (const path of ["executions", "executions/", "workers", "workers/"]) {
        for (const bypass of ["", `${name}=${other}`, `${query}&${query}`, `x=1&${name}=`]) {
          await expectProblem(await read(path, filter, bypass), 403, "invalid_ticket");
        }
        await expectProblem(
          await read(path, { ...filter, task: own[0] }, query),
          403,
          "invalid_ticket",
        );
      }
    }
  });

  it("bound to a user is not widened by another spelling of them", async () => {
    const key = await apiKey(["tasks:read"]);
    const reads = async (bound: string, asked: string) => {
      const headers = asTicket(await ticket({ key }, { user: bound }));
      const query = `user=${encodeURIComponent(asked)}`;
      return (await call(`/api/tasks/executions/?${query}`, { headers })).status;
    };
    expect(await reads("key:7", "key:7")).toBe(200);
    expect(await reads("7", "7")).toBe(200);
    expect(await reads("7", "key:7")).toBe(200);
    expect(await reads("7", "user:7")).toBe(200);
    for (const asked of ["7", "user:7", "key:key:7", " 7", "key:70"]) {
      expect(await reads("key:7", asked), asked).toBe(403);
    }
    for (const asked of ["70", "user:70", "key:key:7"]) {
      expect(await reads("7", asked), asked).toBe(403);
    }
    const narrow = await ticket({ key }, { user: "key:7" });
    const listener = await listen(`user=7&ticket=${narrow}`);
    const theirs = aChange({ user: "key:7" });
    await publishNow(aChange({ user: "user:7" }), aChange({ user: "7" }), theirs);
    await vi.waitFor(() => expect([...listener.rows.keys()]).toEqual([theirs.id]));
    const wide = await ticket({ key }, { user: "7" });
    const another = await listen(`user=user%3A7&ticket=${wide}`);
    const person = aChange({ user: "user:7" });
    await publishNow(aChange({ user: "key:7" }), person);
    await vi.waitFor(() => expect([...another.rows.keys()]).toEqual([person.id]));
  });

  it("opens no other route, narrow or wide, by any method", async () => {
    const key = await apiKey();
    const lists = /^GET \/api\/tasks\/(executions|workers)$/;
    const others = routeTable.filter((route) => !lists.test(nameOf(route)));
    const opened: string[] = [];
    for (const { method, path } of others) {
      const url = fill(path, () => taskId(newBatchId(Date.now()), 0));
      const headers = asTicket(await ticket({ key }));
      const [ticketed, anonymous] = [
        await call(url, { method, headers }),
        await call(url, { method }),
      ];
      if (ticketed.status !== anonymous.status && ticketed.status !== 403) {
        opened.push(`${method} ${path}: ${anonymous.status} became ${ticketed.status}`);
      }
    }
    expect(others.length).toBeGreaterThan(50);
    expect(opened).toEqual([]);
    for (const list of ["executions", "workers"]) {
      const headers = asTicket(await ticket({ key }));
      const head = await call(`/api/tasks/${list}/`, { method: "HEAD", headers });
      expect(head.status).toBe(403);
    }
  });

  it("ends with the session or key that asked for it", async () => {
    const { id, key } = await makeKey(["tasks:read"]);
    const who = await person("viewer");
    const list = (text: string) => call("/api/tasks/executions/", { headers: asTicket(text) });
    const tickets = [await ticket({ key }), await ticket({ cookie: who.cookie })];
    const sockets = [await ticket({ key }), await ticket({ cookie: who.cookie })];
    const cookie = await adminSession();
    await call(`/api/keys/${id}`, { method: "DELETE", cookie, headers: { origin: ORIGIN } });
    const reset = await call("/api/auth/admin/set-user-password", {
      method: "POST",
      cookie,
      headers: { origin: ORIGIN, "content-type": "application/json" },
      body: JSON.stringify({ userId: who.id, newPassword: "the-next-password" }),
    });
    expect(reset.status).toBe(200);
    for (const text of tickets) {
      await expectProblem(await list(text), 403, "invalid_ticket");
    }
    for (const text of sockets) {
      await expectProblem(await upgrade(`ticket=${text}`), 403, "invalid_ticket");
    }
  });

  it("may be asked for by an allowed site's page with its reader's cookie", async () => {
    const cookie = await adminSession();
    const text = await ticket({ ...fromShop, cookie });
    await listen(`ticket=${text}`, fromShop);
    for (const origin of ["https://evil.example", "null"]) {
      const forged = await call("/api/live/tickets", {
        ...allowed,
        method: "POST",
        cookie,
        headers: { origin, "content-type": "application/json" },
        body: "{}",
      });
      await expectProblem(forged, 403, "cross_site");
    }
  });
});

describe("pages of other sites", () => {
  const preflight = (path: string, origin: string, method = "POST") =>
    call(path, {
      ...allowed,
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": method },
    });

  it("are let in by name on the routes they need only", async () => {
    const granted = await preflight("/api/live/tickets", SHOP);
    expect(granted.status).toBe(204);
    expect(granted.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(granted.headers.get("access-control-allow-headers")).toContain("authorization");
    const list = await preflight("/api/tasks/executions/", SHOP, "GET");
    expect(list.headers.get("access-control-allow-origin")).toBe(SHOP);
    for (const [path, origin] of [
      ["/api/live/tickets", "https://evil.example"],
      ["/api/live/tickets", `${SHOP}.evil.example`],
      ["/api/pedidos", SHOP],
      ["/api/keys", SHOP],
      ["/api/tasks/cancel/x", SHOP],
      ["/api/auth/sign-in/email", SHOP],
    ] as const) {
      const refused = await preflight(path, origin);
      expect(refused.headers.get("access-control-allow-origin"), path).toBeNull();
    }
  });

  it("are none by default", async () => {
    const answer = await call("/api/live/tickets", {
      method: "OPTIONS",
      headers: { origin: SHOP },
    });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

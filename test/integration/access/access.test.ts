import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { accessTeam, AUDIENCE, type SigningKey, signingKey } from "../../support/access";
import { call as visit, expectProblem } from "../../support/api";
import { CLOSE_ENDED } from "../../../src/live/hub.do";
import { closeEnded } from "../../../src/live/ended";
import { aChange, listen, publishNow } from "../../support/live";
import { submit, visit as visitPage } from "../../support/console";
import {
  ADMIN,
  adminCookie,
  call,
  cookiesOf,
  makeKey,
  person,
  signIn,
} from "../../support/auth-site";

let key: SigningKey;
let rival: SigningKey;

beforeAll(async () => {
  key = await signingKey("current");
  rival = { ...(await signingKey("current")) };
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Team = ReturnType<typeof accessTeam>;

const ROLES = "boss@acme.com=admin, *@acme.com=viewer, *@ops.example=operator";
const newTeam = (roles = ROLES) => accessTeam([key], roles);
const withToken = (token: string) => ({ headers: { "cf-access-jwt-assertion": token } });

/** Makes one request with a token, as Access sends it along. */
function come(team: Team, token: string, path = "/known", more: Parameters<typeof call>[1] = {}) {
  const headers = { ...withToken(token).headers, ...more.headers };
  return call(path, { env: team.env, ...more, headers });
}

const tokenOf = (team: Team, email: string, changes: Record<string, unknown> = {}) =>
  key.sign(team.claims(email, changes));

describe("a token of Cloudflare Access", () => {
  it("is a sign-in: the role is that of the address, else of its domain", async () => {
    const team = newTeam();
    for (const [email, role] of [
      ["ana@acme.com", "viewer"],
      ["Boss@Acme.com", "admin"],
      ["ben@ops.example", "operator"],
    ] as const) {
      const response = await come(team, await tokenOf(team, email));
      expect(response.status).toBe(200);
      const caller = await response.json();
      expect(caller).toMatchObject({ kind: "user", email: email.toLowerCase(), role });
    }
    expect(team.asked).toBe(1);
  });

  it("serves from the cookie too, where Access sends no header", async () => {
    const team = newTeam();
    const cookie = `CF_Authorization=${await tokenOf(team, "ana@acme.com")}`;
    const response = await call("/known", { env: team.env, cookie });
    expect(await response.json()).toMatchObject({ email: "ana@acme.com" });
  });

  it("names the same person each time, and is written once an hour at most", async () => {
    const team = newTeam();
    const token = await tokenOf(team, "same@acme.com");
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await (await come(team, token)).json<{ id: string }>()).id),
    );
    expect(new Set(ids).size).toBe(1);
    const rows = await env.DB.prepare(
      "SELECT u.name, a.account_id, a.password, a.updated_at FROM users u JOIN accounts a ON a.user_id = u.id WHERE u.id = ?",
    )
      .bind(ids[0])
      .all();
    expect(rows.results).toMatchObject([
      { name: "same", account_id: "subject of same@acme.com", password: null },
    ]);
    const writes = vi.spyOn(env.DB, "batch");
    expect((await come(team, token)).status).toBe(200);
    expect(writes).not.toHaveBeenCalled();
  });

  it("leaves the first administrator their password", async () => {
    await env.DB.prepare("DELETE FROM users").run();
    const team = newTeam();
    const own = {
      prepare: env.DB.prepare.bind(env.DB),
      batch: env.DB.batch.bind(env.DB),
    };
    const options = { env: { ...team.env, DB: own as unknown as D1Database } };
    expect(
      (await come(team, await tokenOf(team, "first@acme.com"), "/known", options)).status,
    ).toBe(200);
    expect((await signIn(ADMIN)).status).toBe(200);
  });

  it("follows ACCESS_ROLES from one request to the next", async () => {
    const before = newTeam("*@moving.example=admin");
    expect(
      (await come(before, await tokenOf(before, "m@moving.example"), "/admin-only")).status,
    ).toBe(200);
    const after = newTeam("*@moving.example=viewer");
    const token = await tokenOf(after, "m@moving.example");
    expect((await come(after, token, "/admin-only")).status).toBe(403);
    const stored = await env.DB.prepare("SELECT role FROM users WHERE email = ?")
      .bind("m@moving.example")
      .first("role");
    expect(stored).toBe("viewer");
  });

  it("is the same person as the password of that address", async () => {
    const { id, email, cookie } = await person("viewer");
    const team = newTeam("*@example.com=operator");
    const response = await come(team, await tokenOf(team, email), "/known", { cookie });
    expect(await response.json()).toMatchObject({
      id,
      role: "operator",
      accessUntil: expect.any(Number),
    });
  });

  it("does not let in who is banned", async () => {
    const { id, email } = await person("viewer");
    const team = newTeam("*@example.com=viewer");
    const ban = { userId: id };
    await call("/api/auth/admin/ban-user", { cookie: await adminCookie(), body: ban });
    const refused = await come(team, await tokenOf(team, email));
    await expectProblem(refused, 403, "banned");
  });

  it("refuses an identity without a role, a service's too", async () => {
    const team = newTeam();
    for (const token of [
      await tokenOf(team, "stranger@else.example"),
      await tokenOf(team, "boss@acme.com.evil.example"),
      await tokenOf(team, "x", { email: undefined, common_name: "robot" }),
    ]) {
      await expectProblem(await come(team, token), 403, "no_role");
    }
    const nobody = newTeam("");
    await expectProblem(await come(nobody, await tokenOf(nobody, "ana@acme.com")), 403, "no_role");
    expect(
      await env.DB.prepare("SELECT 1 FROM users WHERE email LIKE 'stranger%'").first(),
    ).toBeNull();
  });

  it("goes behind an API key, and before a session", async () => {
    const team = newTeam();
    const token = await tokenOf(team, "ana@acme.com");
    const made = await makeKey(["tasks:read"]);
    const asKey = await come(team, token, "/known", { key: made.key });
    expect(await asKey.json()).toMatchObject({ kind: "key", id: made.id });
    const asPerson = await come(team, token, "/known", { cookie: await adminCookie() });
    expect(await asPerson.json()).toMatchObject({ email: "ana@acme.com", role: "viewer" });
  });

  it("does nothing for a page of another site", async () => {
    const team = newTeam();
    const headers = withToken(await tokenOf(team, "boss@acme.com")).headers;
    const foreign = { method: "POST", headers: { ...headers, origin: "https://evil.example" } };
    const refused = await call("/known", { env: team.env, ...foreign });
    await expectProblem(refused, 403, "cross_site");
    const own = await call("/known", { env: team.env, method: "POST", headers });
    expect(own.status).toBe(200);
  });

  it("means nothing where Access is not set up", async () => {
    const team = newTeam();
    const token = await tokenOf(team, "boss@acme.com");
    const off = { ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "" };
    expect((await come({ ...team, env: { ...team.env, ...off } }, token)).status).toBe(401);
    expect(team.asked).toBe(0);
  });
});

/** Puts the token's parts together again with another header, signed as told. */
async function forge(token: string, alg: string, signature: (input: string) => Promise<string>) {
  const header = encode(JSON.stringify({ alg, kid: key.kid, typ: "JWT" }));
  const input = `${header}.${token.split(".")[1]}`;
  return `${input}.${await signature(input)}`;
}

function encode(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function hmac(secret: string, input: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", bytes.encode(secret), algorithm, false, [
    "sign",
  ]);
  const signature = await crypto.subtle.sign("HMAC", imported, bytes.encode(input));
  return encode(String.fromCharCode(...new Uint8Array(signature)));
}

const BAD: Record<string, (team: Team) => Promise<string>> = {
  "for another application": (team) => tokenOf(team, "boss@acme.com", { aud: ["b2".repeat(32)] }),
  "for no application": (team) => tokenOf(team, "boss@acme.com", { aud: undefined }),
  "whose audience only contains ours": (team) =>
    tokenOf(team, "boss@acme.com", { aud: [`${AUDIENCE}0`] }),
  "of another team": (team) =>
    tokenOf(team, "boss@acme.com", { iss: "https://rival.cloudflareaccess.com" }),
  "of no team": (team) => tokenOf(team, "boss@acme.com", { iss: undefined }),
  "past its end": (team) => tokenOf(team, "boss@acme.com", { exp: Date.now() / 1000 - 1 }),
  "without an end": (team) => tokenOf(team, "boss@acme.com", { exp: undefined }),
  "whose end is no number": (team) => tokenOf(team, "boss@acme.com", { exp: "2999-01-01" }),
  "before its time": (team) => tokenOf(team, "boss@acme.com", { nbf: Date.now() / 1000 + 60 }),
  "with no address but something else": (team) => tokenOf(team, "boss@acme.com", { email: [1] }),
  "signed by another key of that name": (team) => rival.sign(team.claims("boss@acme.com")),
  "of a key nobody knows": async (team) =>
    (await signingKey("unknown")).sign(team.claims("boss@acme.com")),
  "whose claims were changed": async (team) => {
    const [header, , signature] = (await tokenOf(team, "ana@acme.com")).split(".");
    return `${header}.${encode(JSON.stringify(team.claims("boss@acme.com")))}.${signature}`;
  },
  "that is not signed": async (team) =>
    forge(await tokenOf(team, "boss@acme.com"), "none", async () => ""),
  "that keeps its signature under no algorithm": async (team) => {
    const token = await tokenOf(team, "boss@acme.com");
    return forge(token, "none", async () => token.split(".")[2] ?? "");
  },
  "signed with the public key for a secret": async (team) =>
    forge(await tokenOf(team, "boss@acme.com"), "HS256", (input) => hmac(key.jwk.n ?? "", input)),
  "signed with the key set's text for a secret": async (team) =>
    forge(await tokenOf(team, "boss@acme.com"), "HS256", (input) =>
      hmac(JSON.stringify(key.jwk), input),
    ),
  "that is none": async () => "not-a-token",
  "of two parts": async (team) =>
    (await tokenOf(team, "boss@acme.com")).split(".").slice(0, 2).join("."),
  "of garbage": async () => "a.b.c",
  "that is empty": async () => "",
};

describe.each(Object.entries(BAD))("a token %s", (_name, make) => {
  it("is refused, and nobody is made of it", async () => {
    const team = newTeam();
    await env.DB.prepare("DELETE FROM users WHERE email LIKE '%acme.com'").run();
    const token = await make(team);
    const problem = await expectProblem(await come(team, token), 401, "invalid_access_token");
    expect(token === "" || !JSON.stringify(problem).includes(token)).toBe(true);
    const cookie = `CF_Authorization=${token}`;
    expect((await call("/known", { env: team.env, cookie })).status).toBe(401);
    expect(
      await env.DB.prepare("SELECT 1 FROM users WHERE email LIKE '%acme.com'").first(),
    ).toBeNull();
  });
});

describe("the keys of Cloudflare Access", () => {
  const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

  it("are asked for once for an unknown key, and not again for a while", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const team = newTeam();
    const good = await tokenOf(team, "ana@acme.com", { exp: Date.now() / 1000 + 90_000 });
    const unknown = await (await signingKey("next")).sign(team.claims("ana@acme.com"));
    expect((await come(team, good)).status).toBe(200);
    later(11_000);
    for (let n = 0; n < 5; n += 1) {
      expect((await come(team, unknown)).status).toBe(401);
    }
    expect(team.asked).toBe(2);
    expect((await come(team, good)).status).toBe(200);
    expect(team.asked).toBe(2);
  });

  it("may change: a new one is found by its name", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const team = newTeam();
    await come(team, await tokenOf(team, "ana@acme.com"));
    const next = await signingKey("next");
    team.answer = async () => Response.json({ keys: [next.jwk, key.jwk] });
    later(11_000);
    expect((await come(team, await next.sign(team.claims("ana@acme.com")))).status).toBe(200);
    expect((await come(team, await tokenOf(team, "ana@acme.com"))).status).toBe(200);
    expect(team.asked).toBe(2);
  });

  it("are forgotten after an hour, so that one taken back counts no longer", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const team = newTeam();
    const token = await tokenOf(team, "ana@acme.com", { exp: Date.now() / 1000 + 90_000 });
    expect((await come(team, token)).status).toBe(200);
    team.answer = async () => Response.json({ keys: [] });
    later(3_599_000);
    expect((await come(team, token)).status).toBe(200);
    later(2000);
    expect((await come(team, token)).status).toBe(401);
  });

  it.each<[string, () => Promise<Response>]>([
    ["fail", () => Promise.reject(new Error("no route"))],
    ["time out", () => Promise.reject(new DOMException("too slow", "TimeoutError"))],
    ["are refused", async () => new Response("no", { status: 500 })],
    ["are moved elsewhere", async () => Response.redirect("https://evil.example/keys", 302)],
    ["are garbage", async () => new Response("<html>")],
    ["are of another shape", async () => Response.json({ keys: [{ kid: 1 }] })],
  ])("let nobody in when they %s", async (_name, answer) => {
    const team = newTeam();
    team.answer = answer;
    const token = await tokenOf(team, "boss@acme.com");
    const refused = await come(team, token);
    expect(refused.headers.get("retry-after")).toBe("5");
    await expectProblem(refused, 503, "access_unavailable");
    await expectProblem(await come(team, token), 503, "access_unavailable");
    expect(team.asked).toBe(1);
  });
});

describe("half a configuration", () => {
  it.each(["ACCESS_TEAM_DOMAIN", "ACCESS_AUD"])("without %s serves nothing", async (missing) => {
    const team = newTeam();
    const given = { ...team.env, [missing]: "" };
    const headers = withToken(await tokenOf(team, "boss@acme.com")).headers;
    for (const path of ["/api/keys", "/admin/tasks", "/"]) {
      const refused = await visit(path, { env: given, headers });
      const { detail } = await expectProblem(refused, 503, "invalid_configuration");
      expect(detail).toMatch(new RegExp(`^${missing} must be `));
    }
    expect(team.asked).toBe(0);
  });
});

describe("a socket of somebody who came through Access", () => {
  const listening = async () => {
    const team = newTeam();
    const email = `${crypto.randomUUID()}@acme.com`;
    const token = await tokenOf(team, email, { exp: Math.floor(Date.now() / 1000) + 600 });
    const listener = await listen("", { env: team.env, ...withToken(token) });
    return { email, listener };
  };

  it("ends with the token", async () => {
    const { listener } = await listening();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 590_000);
    await publishNow(aChange());
    await vi.waitFor(() => expect(listener.rows.size).toBe(1));
    vi.spyOn(Date, "now").mockReturnValue(now + 601_000);
    await publishNow(aChange());
    await vi.waitFor(() => expect(listener.closed).toBe(CLOSE_ENDED));
    expect(listener.rows.size).toBe(1);
  });

  it("ends when they are banned, and not before", async () => {
    const { email, listener } = await listening();
    await closeEnded(env, Date.now());
    await publishNow(aChange());
    await vi.waitFor(() => expect(listener.rows.size).toBe(1));
    expect(listener.closed).toBeNull();
    await env.DB.prepare("UPDATE users SET banned = 1 WHERE email = ?").bind(email).run();
    await closeEnded(env, Date.now());
    await vi.waitFor(() => expect(listener.closed).toBe(CLOSE_ENDED));
  });
});

describe("an administrator who came through Access", () => {
  it("administers people without a session of their own, and is noted by name", async () => {
    const team = newTeam();
    const token = await tokenOf(team, "boss@acme.com");
    const email = `${crypto.randomUUID()}@example.com`;
    const body = { email, password: "a-person-of-the-tests", name: "New", role: "operator" };
    const made = await come(team, token, "/api/auth/admin/create-user", { body });
    expect(made.status).toBe(200);
    expect(made.headers.getSetCookie()).toEqual([]);
    const boss = await (await come(team, token)).json<{ id: string }>();
    const noted = await env.DB.prepare(
      "SELECT actor, action, detail FROM audit_log ORDER BY id DESC LIMIT 1",
    ).first();
    expect(noted).toMatchObject({ actor: `user:${boss.id}`, action: "person.create-user" });
    const left = await env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE user_id = ?")
      .bind(boss.id)
      .first("n");
    expect(left).toBe(0);
    expect(cookiesOf(await signIn({ email, password: body.password }))).toContain("session_token");
  });

  it("uses the console like anybody, and signs out where they signed in", async () => {
    const team = newTeam();
    const init = { env: team.env, ...withToken(await tokenOf(team, "boss@acme.com")) };
    const account = await (await visitPage("/admin/account", init)).text();
    expect(account).toContain("You came through Cloudflare Access");
    expect(account).not.toContain("currentPassword");
    const email = `${crypto.randomUUID()}@example.com`;
    const fields = { email, name: "New", role: "viewer", password: "a-person-of-the-tests" };
    const made = await submit("/admin/people", fields, init);
    expect(made.headers.get("location")).toMatch(/done=created$/);
    const list = await (await visitPage("/admin/people?q=boss", init)).text();
    expect(list).toContain("through Cloudflare Access");
    const out = await submit("/sign-out", {}, init);
    expect(out.headers.get("location")).toBe("/cdn-cgi/access/logout");
  });

  it("changes the password they have besides, and ends the sessions it opened", async () => {
    const { id, email, password, cookie } = await person("viewer");
    const team = newTeam("*@example.com=viewer");
    const init = { env: team.env, ...withToken(await tokenOf(team, email)) };
    const next = "the-next-password-1";
    const fields = { currentPassword: password, newPassword: next, repeated: next };
    const done = await submit("/admin/account/password", fields, init);
    expect(done.headers.get("location")).toBe("/admin/account?done=password");
    expect(done.headers.getSetCookie()).toEqual([]);
    expect((await call("/known", { method: "POST", cookie })).status).toBe(401);
    const left = await env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE user_id = ?")
      .bind(id)
      .first("n");
    expect(left).toBe(0);
    expect((await signIn({ email, password: next })).status).toBe(200);
  });

  it("is refused by Access's word alone what is for administrators, as anybody else", async () => {
    const team = newTeam();
    const token = await tokenOf(team, "ana@acme.com");
    const refused = await come(team, token, "/api/auth/admin/list-users");
    await expectProblem(refused, 403, "forbidden");
  });
});

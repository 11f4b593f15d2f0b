import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteExpired } from "../../../src/auth/queries";
import {
  ADMIN,
  adminCookie,
  call,
  cookiesOf,
  ORIGIN,
  person,
  signIn,
} from "../../support/auth-site";

interface Problem {
  status: number;
  code: string;
  message?: string;
  requestId: string;
}

/** Each address has its own count of failures. */
let addresses = 0;
function fromNewAddress(): { headers: Record<string, string> } {
  return { headers: { "cf-connecting-ip": `203.0.113.${++addresses}` } };
}

describe("signing in", () => {
  it("opens a session", async () => {
    const cookie = cookiesOf(await signIn(ADMIN));
    const response = await call("/known", { cookie });
    expect(await response.json()).toMatchObject({
      kind: "user",
      email: ADMIN.email,
      role: "admin",
    });
  });

  it("takes the address in any case and a final slash", async () => {
    const body = { ...ADMIN, email: ADMIN.email.toUpperCase() };
    expect((await call("/api/auth/sign-in/email/", { body })).status).toBe(200);
  });

  it("sets a cookie scripts cannot read, Secure over https only", async () => {
    const https = (await signIn(ADMIN)).headers.getSetCookie();
    const session = https.find((cookie) => cookie.includes("session_token")) ?? "";
    expect(session).toMatch(/^__Secure-better-auth\.session_token=/);
    expect(session).toMatch(/; HttpOnly/);
    expect(session).toMatch(/; SameSite=Lax/i);
    expect(session).toMatch(/; Secure/);
    expect(https.every((cookie) => /HttpOnly/.test(cookie))).toBe(true);
    const http = await signIn(ADMIN, { origin: "http://localhost:8787" });
    expect(http.headers.getSetCookie().join()).not.toMatch(/Secure/);
    const cookie = cookiesOf(http);
    expect((await call("/known", { cookie, origin: "http://localhost:8787" })).status).toBe(200);
  });

  it("answers a wrong password and an unknown person alike", async () => {
    const answers = await Promise.all([
      signIn({ email: ADMIN.email, password: "not-the-password" }, fromNewAddress()),
      signIn({ email: "nobody@example.com", password: "not-the-password" }, fromNewAddress()),
      signIn({ email: "nobody@example.com", password: "x" }, fromNewAddress()),
    ]);
    const problems = await Promise.all(answers.map((answer) => answer.json<Problem>()));
    const [wrong, ...unknown] = problems.map((problem) => ({ ...problem, requestId: "" }));
    expect(wrong).toMatchObject({ status: 401, code: "INVALID_EMAIL_OR_PASSWORD" });
    expect(wrong?.message).toEqual(expect.any(String));
    expect(unknown).toEqual([wrong, wrong]);
    expect(answers[0]?.headers.get("content-type")).toContain("application/problem+json");
  });

  it.each([
    ["broken JSON", '{"email":', 400],
    ["no object", "7", 400],
    ["null", "null", 400],
    ["an array", "[]", 400],
    ["nothing", "", 400],
    ["missing fields", "{}", 400],
    ["wrong types", '{"email":1,"password":["x"]}', 400],
    ["no address", '{"email":"x","password":"a-password-of-length"}', 400],
    ["an endless password", JSON.stringify({ ...ADMIN, password: "x".repeat(5000) }), 400],
    ["a long body", JSON.stringify({ ...ADMIN, name: "x".repeat(20_000) }), 413],
    ["strange characters", '{"email":"a\\u0000@example.com","password":"\\ud800"}', 400],
    ["a foreign callback", JSON.stringify({ ...ADMIN, callbackURL: "https://evil.example" }), 403],
    ["a callback of a wrong type", JSON.stringify({ ...ADMIN, callbackURL: { a: 1 } }), 400],
  ])("refuses %s with a problem document", async (_, body, status) => {
    const response = await signIn(body, fromNewAddress());
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json<Problem>()).toMatchObject({
      status,
      code: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it("refuses a body that is not JSON by its type", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await signIn("email=a&password=b", { headers })).status).toBe(415);
  });

  it("survives garbage in cookies", async () => {
    for (const value of ["x", "%E0%A4%A", "%00", "a.b.c", '"', ".".repeat(3000)]) {
      const cookie = `__Secure-better-auth.session_token=${value}; __Secure-better-auth.session_data=${value}`;
      expect((await call("/anyone", { cookie })).status).toBe(200);
      expect((await call("/known", { cookie })).status).toBe(401);
      expect((await call("/api/auth/list-sessions", { cookie })).status).toBe(401);
    }
    const own = await adminCookie();
    const token = own.split("; ").find((part) => part.includes("session_token")) ?? "";
    const copy = "__Secure-better-auth.session_data=%00";
    expect((await call("/known", { cookie: `${copy}; ${token}` })).status).toBe(200);
  });

  it("limits failures of an address, not successes", async () => {
    const from = fromNewAddress();
    for (let n = 0; n < 20; n++) {
      expect((await signIn({ ...ADMIN, password: "wrong-password" }, from)).status).toBe(401);
    }
    const response = await signIn(ADMIN, from);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await response.json<Problem>()).toMatchObject({ code: "too_many_attempts" });
    expect((await signIn(ADMIN, fromNewAddress())).status).toBe(200);
    const steady = fromNewAddress();
    for (let n = 0; n < 25; n++) {
      expect((await signIn(ADMIN, steady)).status).toBe(200);
    }
  });
});

it("keeps sign-up closed", async () => {
  const body = { email: "new@example.com", password: "a-password-of-length", name: "New" };
  const response = await call("/api/auth/sign-up/email", { body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "EMAIL_PASSWORD_SIGN_UP_DISABLED" });
});

it.each(["/api/auth", "/api/auth/nothing", "/api/auth/callback/google", "/api/auth/error"])(
  "finds nothing at %s",
  async (path) => {
    expect((await call(path)).status).toBe(404);
    expect((await call(path, { body: {} })).status).toBe(404);
  },
);

it("answers get-session without a session", async () => {
  const response = await call("/api/auth/get-session");
  expect(response.status).toBe(200);
  expect(await response.json()).toBeNull();
  expect(response.headers.get("cache-control")).toBe("no-store");
});

it("closes a session at sign-out: writes at once, reads once the cookie's copy is gone", async () => {
  const cookie = await adminCookie();
  expect((await call("/api/auth/sign-out", { method: "POST", cookie })).status).toBe(200);
  expect((await call("/known", { method: "POST", cookie })).status).toBe(401);
  const token = cookie.split("; ").find((part) => part.includes("session_token")) ?? "";
  expect((await call("/known", { cookie: token })).status).toBe(401);
});

it("serves reads from the cookie without a write per request", async () => {
  const cookie = await adminCookie();
  const token = cookie.split("; ").find((part) => part.includes("session_token")) ?? "";
  const before = await env.DB.prepare("SELECT max(updated_at) AS at FROM sessions").first("at");
  const first = await call("/known", { cookie: token });
  expect(cookiesOf(first)).toContain("session_data");
  expect((await call("/known", { cookie: `${token}; ${cookiesOf(first)}` })).status).toBe(200);
  const after = await env.DB.prepare("SELECT max(updated_at) AS at FROM sessions").first("at");
  expect(after).toBe(before);
});

it("does not touch the database without credentials", async () => {
  expect((await call("/anyone", { env: { DB: undefined } })).status).toBe(200);
});

it("changes a password only for who knows it", async () => {
  const { email, cookie, password } = await person("viewer");
  const change = (body: unknown) => call("/api/auth/change-password", { cookie, body });
  const next = "the-next-password";
  const wrong = await change({ currentPassword: "not-the-password", newPassword: next });
  expect(await wrong.json()).toMatchObject({ status: 400, code: "INVALID_PASSWORD" });
  expect((await change({ currentPassword: password, newPassword: "short" })).status).toBe(400);
  expect((await change({ currentPassword: 1, newPassword: [] })).status).toBe(400);
  expect((await change({ currentPassword: password, newPassword: next })).status).toBe(200);
  expect((await signIn({ email, password })).status).toBe(401);
  expect((await signIn({ email, password: next })).status).toBe(200);
});

describe("a new password", () => {
  const works = async (cookie: string) =>
    (await call("/known", { method: "POST", cookie })).status === 200;

  it.each([{}, { revokeOtherSessions: false }, { revokeOtherSessions: true }])(
    "of one's own ends the other sessions and keeps the one at hand: %o",
    async (asked) => {
      const { email, cookie, password } = await person("viewer");
      const other = cookiesOf(await signIn({ email, password }));
      const refused = { currentPassword: "not-the-password", newPassword: "the-next-password" };
      await call("/api/auth/change-password", { cookie, body: { ...refused, ...asked } });
      expect(await works(other)).toBe(true);
      const body = { ...refused, currentPassword: password, ...asked };
      expect((await call("/api/auth/change-password", { cookie, body })).status).toBe(200);
      expect(await works(other)).toBe(false);
      expect(await works(cookie)).toBe(true);
    },
  );

  it("set by an administrator ends all sessions of that person, and nobody else's", async () => {
    const [who, bystander] = [await person("operator"), await person("operator")];
    const { email, password } = who;
    const other = cookiesOf(await signIn({ email, password }));
    const cookie = await adminCookie();
    const set = (body: unknown) => call("/api/auth/admin/set-user-password", { cookie, body });
    expect((await set({ userId: who.id, newPassword: "short" })).status).toBe(400);
    expect(await works(other)).toBe(true);
    expect((await set({ userId: who.id, newPassword: "the-next-password" })).status).toBe(200);
    expect([await works(who.cookie), await works(other)]).toEqual([false, false]);
    expect([await works(bystander.cookie), await works(cookie)]).toEqual([true, true]);
  });

  it("set by an administrator for themselves keeps the session at hand", async () => {
    const { id, cookie, email, password } = await person("admin");
    const other = cookiesOf(await signIn({ email, password }));
    const body = { userId: id, newPassword: "the-next-password" };
    expect((await call("/api/auth/admin/set-user-password", { cookie, body })).status).toBe(200);
    expect([await works(cookie), await works(other)]).toEqual([true, false]);
  });
});

it("forgets sessions past their end and old counters, and nothing else", async () => {
  const cookie = await adminCookie();
  await deleteExpired(env.DB, Date.now());
  expect((await call("/known", { method: "POST", cookie })).status).toBe(200);
  await deleteExpired(env.DB, Date.now() + 8 * 86_400_000);
  expect(await env.DB.prepare("SELECT 1 FROM sessions").first()).toBeNull();
  expect(await env.DB.prepare("SELECT 1 FROM sign_in_attempts").first()).toBeNull();
});

describe("people", () => {
  it("are made by administrators only", async () => {
    const body = { email: "x@example.com", password: "a-password-of-length", name: "X" };
    const path = "/api/auth/admin/create-user";
    expect((await call(path, { body })).status).toBe(401);
    const { cookie } = await person("operator");
    expect((await call(path, { body, cookie })).status).toBe(403);
    const made = await call(path, { body, cookie: await adminCookie() });
    expect(await made.json()).toMatchObject({ user: { role: "viewer" } });
    const again = await call(path, { body, cookie: await adminCookie() });
    expect(again.status).toBe(400);
  });

  it.each([
    ["a short password", { password: "short" }],
    ["no password", { password: undefined }],
    ["an unknown role", { role: "root" }],
    ["a role every object has", { role: "constructor" }],
    ["other columns", { data: { emailVerified: true } }],
  ])("are not made with %s", async (_, wrong) => {
    const body = { email: "y@example.com", password: "a-password-of-length", name: "Y", ...wrong };
    const cookie = await adminCookie();
    const response = await call("/api/auth/admin/create-user", { body, cookie });
    expect(response.status).toBe(400);
  });

  it("change roles, but nobody gives up their own administration", async () => {
    const { id, cookie: own } = await person("viewer");
    const cookie = await adminCookie();
    const path = "/api/auth/admin/set-role";
    const changed = await call(path, { cookie, body: { userId: id, role: "admin" } });
    expect(changed.status).toBe(200);
    expect((await call("/admin-only", { method: "POST", cookie: own })).status).toBe(200);
    const gaveUp = await call(path, { cookie: own, body: { userId: id, role: "viewer" } });
    expect(gaveUp.status).toBe(409);
  });

  it("lose their sessions when banned", async () => {
    const { id, cookie: own } = await person("viewer");
    const body = { userId: id };
    const cookie = await adminCookie();
    expect((await call("/api/auth/admin/ban-user", { cookie, body })).status).toBe(200);
    expect((await call("/known", { method: "POST", cookie: own })).status).toBe(401);
  });

  it.each([
    "?sortBy=nothing",
    "?limit=x",
    "?limit=-1",
    "?searchField=nothing&searchValue=x",
    "?filterField=nothing&filterValue=1",
    "?searchValue=%25&searchOperator=x",
  ])("are listed without a server error for %s", async (search) => {
    const response = await call(`/api/auth/admin/list-users${search}`, {
      cookie: await adminCookie(),
    });
    expect(response.status).toBeLessThan(500);
  });

  it.each(["admin/set-role", "admin/ban-user", "admin/remove-user", "admin/get-user"])(
    "%s answers garbage with a 4xx",
    async (endpoint) => {
      const cookie = await adminCookie();
      for (const body of ["{}", "[]", '{"userId":{}}', '{"userId":"nobody","role":"admin"}']) {
        const response = await call(`/api/auth/${endpoint}`, { cookie, body });
        expect([400, 404]).toContain(response.status);
      }
    },
  );
});

describe("requests from other sites", () => {
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://pedidos.example" },
  ];

  it.each(foreign)("cannot write with a person's cookie: %o", async (headers) => {
    const cookie = await adminCookie();
    const response = await call("/known", { method: "POST", cookie, headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "cross_site" });
    expect((await call("/known", { cookie, headers })).status).toBe(200);
  });

  it.each(foreign)("cannot sign anyone in: %o", async (headers) => {
    expect((await signIn(ADMIN, { headers })).status).toBe(403);
  });

  it.each<Record<string, string>>([
    { "sec-fetch-site": "same-origin", origin: ORIGIN },
    { "sec-fetch-site": "same-origin", origin: "null" },
    { "sec-fetch-site": "none" },
    {},
  ])("are told from the site's own: %o", async (headers) => {
    const cookie = await adminCookie();
    expect((await call("/known", { method: "POST", cookie, headers })).status).toBe(200);
  });
});

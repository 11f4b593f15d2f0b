import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { adminSession, call } from "../../support/api";
import { problemBeside, submit, visit } from "../../support/console";
import { cookiesOf, PASSWORD, type Person, person, signIn } from "../../support/people";

let admin: { cookie: string };
let someone: Person;

beforeAll(async () => {
  admin = { cookie: await adminSession() };
  someone = await person("viewer", "Ana <b>Bold</b>");
});

const pageOf = (who: Person) => `/admin/people/${who.id}`;
const canWrite = async (cookie: string) =>
  (await call("/api/tasks/notifications/read", { method: "POST", cookie })).status !== 401;

async function sessionsOf(userId: string): Promise<{ id: string; token: string }[]> {
  const { results } = await env.DB.prepare(
    "SELECT id, token FROM sessions WHERE user_id = ? ORDER BY created_at",
  )
    .bind(userId)
    .all<{ id: string; token: string }>();
  return results;
}

describe("the list of people", () => {
  it("shows who there is, with role, state and sessions, and runs nothing of it", async () => {
    const text = await (await visit("/admin/people", admin)).text();
    expect(text).toContain(someone.email);
    expect(text).toContain("Ana &lt;b&gt;Bold&lt;/b&gt;");
    expect(text).not.toContain("<b>Bold");
    expect(text).toMatch(/data-label="Last sign-in"><time/);
  });

  it("finds people by part of their address or name, by role and by state", async () => {
    const found = async (query: string) => {
      const response = await visit(`/admin/people?${query}`, admin);
      expect(response.status).toBe(200);
      return (await response.text()).includes(someone.email);
    };
    expect(await found(`q=${someone.email.slice(2, 12).toUpperCase()}`)).toBe(true);
    expect(await found("q=ana+")).toBe(true);
    expect(await found("q=nobody-of-that-name")).toBe(false);
    expect(await found("role=viewer")).toBe(true);
    expect(await found("role=operator")).toBe(false);
    expect(await found("state=active&role=viewer")).toBe(true);
    expect(await found("state=banned")).toBe(false);
  });

  it("names a bad filter", async () => {
    const response = await visit("/admin/people?role=root&cursor=x", admin);
    expect(response.status).toBe(400);
    expect(problemBeside(await response.text(), "role")).toBe("This is not a role.");
  });

  it("shows everybody once, page by page, at a bounded cost", async () => {
    const many = Array.from(
      { length: 60 },
      (_, n) => `page-${String(n).padStart(2, "0")}@x.example`,
    );
    await env.DB.prepare(
      `INSERT INTO users (id, name, email, email_verified, role, banned, created_at, updated_at)
       SELECT 'id ' || value, 'Many', value, 1, 'viewer', 0, 1, 1 FROM json_each(?)`,
    )
      .bind(JSON.stringify(many))
      .run();
    const seen: string[] = [];
    let path: string | undefined = "/admin/people?q=%40x.example";
    for (let pages = 0; path !== undefined; pages += 1) {
      expect(pages).toBeLessThan(5);
      const text = await (await visit(path, admin)).text();
      seen.push(...[...text.matchAll(/page-\d\d@x\.example/g)].map(([email]) => email));
      path = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen).toEqual(many);
    await env.DB.prepare("DELETE FROM users WHERE name = 'Many'").run();
  });
});

describe("a new person", () => {
  const fields = (changes: Record<string, string> = {}) => ({
    email: `${crypto.randomUUID()}@example.com`,
    name: "New",
    role: "operator",
    password: PASSWORD,
    ...changes,
  });

  it("is made, shown, and can sign in", async () => {
    const given = fields();
    const made = await submit("/admin/people", given, admin);
    expect(made.status).toBe(303);
    const path = made.headers.get("location") ?? "";
    expect(path).toMatch(/^\/admin\/people\/[\w-]+\?done=created$/);
    const text = await (await visit(path, admin)).text();
    expect(text).toContain(given.email);
    expect(text).toContain("The account is made.");
    expect(await signIn(given.email)).toContain("session_token");
  });

  it.each([
    ["email", "not an address", "This is not an e-mail address."],
    ["name", " ", "Give a name of 1 to 255 characters."],
    ["name", "\u3164\u2800", "Give a name of 1 to 255 characters."],
    ["password", "too-little", "It needs 12 to 128 characters."],
    ["role", "root", "This is not a role."],
  ])("is not made with a bad %s: the field says why", async (field, value, words) => {
    const given = fields({ [field]: value });
    const refused = await submit("/admin/people", given, admin);
    expect(refused.status).toBe(400);
    const text = await refused.text();
    expect(problemBeside(text, field)).toBe(words);
    expect(text).not.toContain(given.password);
    if (field !== "name") {
      expect(text).toContain('value="New"');
    }
  });

  it("is not made of an address that is taken", async () => {
    const refused = await submit("/admin/people", fields({ email: someone.email }), admin);
    expect(refused.status).toBe(400);
    expect(problemBeside(await refused.text(), "email")).toMatch(/^There is an account/);
  });
});

describe("the page of a person", () => {
  it("changes their role", async () => {
    const who = await person("viewer");
    const done = await submit(`${pageOf(who)}/role`, { role: "operator" }, admin);
    expect(done.headers.get("location")).toBe(`${pageOf(who)}?done=role`);
    expect(await (await visit(pageOf(who), admin)).text()).toContain(
      '<option value="operator" selected',
    );
    const refused = await submit(`${pageOf(who)}/role`, { role: "root" }, admin);
    expect(refused.status).toBe(400);
    expect(problemBeside(await refused.text(), "role")).toBe("This is not a role.");
  });

  it("sets a password, which it never shows", async () => {
    const who = await person("viewer");
    const short = await submit(`${pageOf(who)}/password`, { newPassword: "short" }, admin);
    expect(short.status).toBe(400);
    expect(problemBeside(await short.text(), "newPassword")).toBe("It needs 12 to 128 characters.");
    const newPassword = "the-next-password-1";
    const done = await submit(`${pageOf(who)}/password`, { newPassword }, admin);
    expect(done.headers.get("location")).toBe(`${pageOf(who)}?done=password`);
    expect(await signIn(who.email, newPassword)).toContain("session_token");
  });

  it("ends all sessions of whose password it sets, and says what stayed", async () => {
    const who = await person("operator");
    const sessions = [who.cookie, await signIn(who.email)];
    const fields = { newPassword: "the-next-password-1" };
    const done = await submit(`${pageOf(who)}/password`, fields, admin);
    expect(await Promise.all(sessions.map(canWrite))).toEqual([false, false]);
    const page = await (await visit(done.headers.get("location") ?? "", admin)).text();
    expect(page).toContain("all their sessions have ended. API keys they made still work.");
    expect(await sessionsOf(who.id)).toHaveLength(0);
    expect(await canWrite(await adminSession())).toBe(true);
  });

  it("bans with a reason and a term, and lifts the ban", async () => {
    const who = await person("operator");
    expect((await visit(`${pageOf(who)}/ban`, admin)).status).toBe(200);
    for (const days of ["0", "-1", "many", "99999"]) {
      const refused = await submit(`${pageOf(who)}/ban`, { reason: "left", days }, admin);
      expect(refused.status).toBe(400);
      const text = await refused.text();
      expect(problemBeside(text, "days")).toMatch(/^Give a number of days/);
      expect(text).toContain('value="left"');
    }
    expect(await canWrite(who.cookie)).toBe(true);
    const banned = await submit(`${pageOf(who)}/ban`, { reason: "left", days: "3" }, admin);
    expect(banned.headers.get("location")).toBe(`${pageOf(who)}?done=banned`);
    expect(await canWrite(who.cookie)).toBe(false);
    const text = await (await visit(pageOf(who), admin)).text();
    expect(text).toContain("Banned until");
    expect(text).toContain("left");
    await submit(`${pageOf(who)}/ban/end`, {}, admin);
    expect(await signIn(who.email)).toContain("session_token");
  });

  it("removes after asking", async () => {
    const who = await person("viewer");
    expect(await (await visit(`${pageOf(who)}/removal`, admin)).text()).toContain(who.email);
    const gone = await submit(`${pageOf(who)}/removal`, {}, admin);
    const path = gone.headers.get("location") ?? "";
    expect(await (await visit(path, admin)).text()).toContain(`${who.email} has no account`);
    expect((await visit(pageOf(who), admin)).status).toBe(404);
    expect((await submit(`${pageOf(who)}/removal`, {}, admin)).status).toBe(404);
  });

  it("ends one session or all of them, without telling their tokens", async () => {
    const who = await person("viewer");
    const others = [await signIn(who.email), await signIn(who.email)];
    const [first, second, third] = await sessionsOf(who.id);
    const text = await (await visit(pageOf(who), admin)).text();
    for (const session of [first, second, third]) {
      expect(text).toContain(`/sessions/${session?.id}/revocation`);
      expect(text).not.toContain(session?.token);
    }
    await submit(`${pageOf(who)}/sessions/${second?.id}/revocation`, {}, admin);
    expect(await canWrite(who.cookie)).toBe(true);
    expect(await canWrite(others[0] ?? "")).toBe(false);
    const stranger = (await sessionsOf(someone.id))[0]?.id;
    await submit(`${pageOf(who)}/sessions/${stranger}/revocation`, {}, admin);
    expect(await sessionsOf(someone.id)).toHaveLength(1);
    const all = await submit(`${pageOf(who)}/sessions/revocation`, {}, admin);
    expect(all.headers.get("location")).toBe(`${pageOf(who)}?done=revokedAll`);
    expect(await sessionsOf(who.id)).toEqual([]);
  });

  it("offers administrators nothing that would fell themselves, and refuses it", async () => {
    const boss = await person("admin");
    const own = { cookie: boss.cookie };
    const text = await (await visit(pageOf(boss), own)).text();
    expect(text).not.toMatch(/\/(role|password|ban|removal)"/);
    const role = await submit(`${pageOf(boss)}/role`, { role: "viewer" }, own);
    expect(role.status).toBe(409);
    expect((await submit(`${pageOf(boss)}/ban`, {}, own)).status).toBe(400);
    const removal = await submit(`${pageOf(boss)}/removal`, {}, own);
    expect(removal.status).toBe(400);
    expect(await removal.text()).toContain("Nobody can do this to themselves.");
    expect((await visit(pageOf(boss), own)).status).toBe(200);
  });

  it("is 404 for somebody there is not", async () => {
    for (const path of ["", "/ban", "/removal"]) {
      expect((await visit(`/admin/people/nobody${path}`, admin)).status).toBe(404);
    }
    for (const path of ["/role", "/password", "/ban", "/ban/end", "/sessions/revocation"]) {
      expect((await submit(`/admin/people/nobody${path}`, {}, admin)).status).toBe(404);
    }
  });

  it("is for administrators only", async () => {
    const operator = { cookie: (await person("operator")).cookie };
    expect((await visit(pageOf(someone), operator)).status).toBe(403);
    const refused = await submit(`${pageOf(someone)}/role`, { role: "admin" }, operator);
    expect(refused.status).toBe(403);
    expect(
      await env.DB.prepare("SELECT role FROM users WHERE id = ?").bind(someone.id).first("role"),
    ).toBe("viewer");
  });
});

describe("one's own account", () => {
  it("marks the session at hand, and ends another or all others", async () => {
    const who = await person("viewer");
    const others = [await signIn(who.email), await signIn(who.email)];
    const [own, second] = await sessionsOf(who.id);
    const text = await (await visit("/admin/account", { cookie: who.cookie })).text();
    expect(text.match(/This session/g)).toHaveLength(1);
    expect(text).not.toContain(`/sessions/${own?.id}/revocation`);
    expect(text).toContain(`/sessions/${second?.id}/revocation`);
    await submit(`/admin/account/sessions/${second?.id}/revocation`, {}, { cookie: who.cookie });
    expect(await canWrite(others[0] ?? "")).toBe(false);
    expect(await canWrite(others[1] ?? "")).toBe(true);
    await submit("/admin/account/sessions/revocation", {}, { cookie: who.cookie });
    expect((await sessionsOf(who.id)).map(({ id }) => id)).toEqual([own?.id]);
    expect(await canWrite(who.cookie)).toBe(true);
  });

  it("ends no session of somebody else", async () => {
    const [session] = await sessionsOf(someone.id);
    const who = await person("admin");
    await submit(`/admin/account/sessions/${session?.id}/revocation`, {}, { cookie: who.cookie });
    expect(await sessionsOf(someone.id)).toHaveLength(1);
  });

  it("changes the password, and ends the other sessions", async () => {
    const who = await person("viewer");
    const other = await signIn(who.email);
    const next = "the-next-password-1";
    const change = (fields: Record<string, string>) =>
      submit(
        "/admin/account/password",
        { currentPassword: PASSWORD, newPassword: next, repeated: next, ...fields },
        { cookie: who.cookie },
      );
    const wrong = await change({ currentPassword: "not-the-password" });
    expect(wrong.status).toBe(400);
    expect(problemBeside(await wrong.text(), "currentPassword")).toMatch(/not your current/);
    const short = await change({ newPassword: "short", repeated: "short" });
    expect(problemBeside(await short.text(), "newPassword")).toBe("It needs 12 to 128 characters.");
    const other2 = await change({ repeated: "something-else-1" });
    expect(problemBeside(await other2.text(), "repeated")).toBe("This is not the same as above.");
    const done = await change({});
    expect(done.headers.get("location")).toBe("/admin/account?done=password");
    expect(await canWrite(other)).toBe(false);
    expect(await canWrite(who.cookie)).toBe(true);
    expect(cookiesOf(done)).not.toContain("session_token");
    expect(await signIn(who.email, next)).toContain("session_token");
  });

  it("says so when the password was tried too often", async () => {
    const who = await person("viewer");
    const fields = {
      currentPassword: "wrong-password-1",
      newPassword: PASSWORD,
      repeated: PASSWORD,
    };
    const headers = { "cf-connecting-ip": "203.0.113.99" };
    let response = await submit("/admin/account/password", fields, { cookie: who.cookie, headers });
    for (let n = 0; n < 25 && response.status === 400; n += 1) {
      response = await submit("/admin/account/password", fields, { cookie: who.cookie, headers });
    }
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("Too many attempts");
  });
});

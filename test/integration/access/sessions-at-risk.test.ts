/**
 * These tests try what someone gains who plants a cookie, shares an administrator's power, or reads
 * the database.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../../src/lib/hex";
import { adminSession, apiKey, call, expectProblem } from "../../support/api";
import { beforeWrites } from "../../support/before-writes";
import { auth, cookiesOf, PASSWORD, person, signIn } from "../../support/people";

const tokenOf = (cookies: string) => /session_token=([^;]+)/.exec(cookies)?.[1] ?? "";

async function emailOf(cookie: string): Promise<string | undefined> {
  const response = await call("/api/auth/get-session?disableCookieCache=true", { cookie });
  return (await response.json<{ user: { email: string } } | null>())?.user.email;
}

describe("a planted session", () => {
  it("is not the one a sign-in opens", async () => {
    const planter = await person("viewer");
    const victim = await person("operator");
    const planted = planter.cookie;
    const body = { email: victim.email, password: PASSWORD };
    const response = await auth("/sign-in/email", body, { cookie: planted });
    const opened = cookiesOf(response);
    expect(tokenOf(opened)).not.toBe("");
    expect(tokenOf(opened)).not.toBe(tokenOf(planted));
    expect(await emailOf(opened)).toBe(victim.email);
    expect(await emailOf(planted)).not.toBe(victim.email);
  });

  it("is not adopted when nobody gave it out", async () => {
    const { email } = await person("viewer");
    const planted = "__Secure-better-auth.session_token=planted.planted";
    const response = await auth(
      "/sign-in/email",
      { email, password: PASSWORD },
      { cookie: planted },
    );
    expect(tokenOf(cookiesOf(response))).not.toContain("planted");
    expect(await emailOf(planted)).toBeUndefined();
  });

  it("is each time another", async () => {
    const { email } = await person("viewer");
    const tokens = [await signIn(email), await signIn(email), await signIn(email)].map(tokenOf);
    expect(new Set(tokens).size).toBe(3);
  });

  it("cannot be made from the session table", async () => {
    const { cookie } = await person("admin");
    const stored = await env.DB.prepare(
      "SELECT token FROM sessions ORDER BY created_at DESC",
    ).first<string>("token");
    expect(decodeURIComponent(tokenOf(cookie))).toContain(stored);
    for (const forged of [stored, `${stored}.`, `${stored}.${"A".repeat(43)}=`]) {
      const session = `__Secure-better-auth.session_token=${encodeURIComponent(forged ?? "")}`;
      await expectProblem(await call("/api/keys", { cookie: session }), 401, "unauthorized");
    }
  });
});

it("a session is not opened by a password that is replaced while it is checked", async () => {
  const { id, email } = await person("operator");
  const admin = { cookie: await adminSession() };
  let reset: Response | undefined;
  const DB = beforeWrites(
    env.DB,
    async () => {
      reset ??= await auth(
        "/admin/set-user-password",
        { userId: id, newPassword: "the-next-one-1" },
        admin,
      );
    },
    /^\s*insert into "?sessions/i,
  );
  const response = await auth("/sign-in/email", { email, password: PASSWORD }, { env: { DB } });
  expect(reset?.status).toBe(200);
  await expectProblem(response, 401, "INVALID_EMAIL_OR_PASSWORD");
  expect(response.headers.getSetCookie()).toEqual([]);
  const left = env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE user_id = ?").bind(id);
  expect(await left.first("n")).toBe(0);
  expect(await signIn(email, "the-next-one-1")).toContain("session_token");
});

describe("two administrators who turn on each other at the same moment", () => {
  const ENDS = [
    ["/admin/set-role", { role: "viewer" }],
    ["/admin/ban-user", {}],
    ["/admin/remove-user", {}],
  ] as const;

  const standing = async (ids: string[]) =>
    env.DB.prepare(
      `SELECT count(*) AS n FROM users WHERE role = 'admin' AND banned IS NOT 1
       AND id IN (SELECT value FROM json_each(?))`,
    )
      .bind(JSON.stringify(ids))
      .first<number>("n");

  it.each(ENDS.flatMap(([one, a]) => ENDS.map(([other, b]) => ({ one, a, other, b }))))(
    "$one against $other: one of them stays",
    async ({ one, a, other, b }) => {
      const [left, right] = await Promise.all([person("admin"), person("admin")]);
      let first: Response | undefined;
      // The other's request has passed every check when this one is made and answered.
      const DB = beforeWrites(env.DB, async () => {
        first ??= await auth(one, { userId: right.id, ...a }, { cookie: left.cookie });
      });
      const init = { cookie: right.cookie, env: { DB } };
      const second = await auth(other, { userId: left.id, ...b }, init);
      expect(first?.status).toBe(200);
      expect(second.status).toBe(403);
      expect(await standing([left.id])).toBe(1);
    },
  );

  it("and nobody ends themselves", async () => {
    const { id, cookie } = await person("admin");
    for (const [path, body] of ENDS) {
      const response = await auth(path, { userId: id, ...body }, { cookie });
      expect([400, 403, 409]).toContain(response.status);
    }
    expect(await standing([id])).toBe(1);
  });

  it("but an administrator may fall, and a viewer be banned, by another", async () => {
    const cookie = await adminSession();
    for (const [path, body] of ENDS) {
      for (const role of ["admin", "viewer"] as const) {
        const { id } = await person(role);
        const response = await auth(path, { userId: id, ...body }, { cookie });
        expect(response.status).toBe(200);
        expect(await standing([id])).toBe(0);
      }
    }
  });
});

describe("a key", () => {
  it("is in its row only as SHA-256 of its secret, which opens nothing", async () => {
    const key = await apiKey(["orders:read"]);
    const [, id = "", secret = ""] = key.split("_");
    const row = await env.DB.prepare("SELECT * FROM api_keys WHERE id = ?").bind(id).first();
    expect(row?.["secret_hash"]).toBe(await sha256Hex(secret));
    expect(JSON.stringify(row)).not.toContain(secret);
    const stolen = `pek_${id}_${String(row?.["secret_hash"])}`;
    await expectProblem(await call("/api/pedidos", { key: stolen }), 401, "invalid_key");
    expect((await call("/api/pedidos", { key })).status).toBe(200);
  });

  it("is compared in constant time", async () => {
    const key = await apiKey(["orders:read"]);
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    const wrong = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
    await expectProblem(await call("/api/pedidos", { key: wrong }), 401, "invalid_key");
    expect(compare).toHaveBeenCalledTimes(1);
    compare.mockRestore();
  });
});

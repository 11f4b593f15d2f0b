/**
 * A clock goes back an hour: what is remembered of the time before is not believed for that hour.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accessKeys } from "../../../src/auth/access/access-keys";
import { takeAttempt } from "../../../src/auth/sessions/attempts";
import { verifyKey } from "../../../src/auth/keys/key-check";
import { makeKey } from "../../support/auth-site";
import { storeOrders, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { clearTasks } from "../../support/recount";

const HOUR = 3_600_000;
const TEAM = "clock.cloudflareaccess.com";

beforeEach(clearTasks);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("after a clock went back an hour", () => {
  it("a key revoked elsewhere works for no longer than else", async () => {
    const { id, key } = await makeKey(["tasks:read"]);
    const now = Date.now();
    const check = (at: number) => verifyKey(env, key, at, () => undefined);
    expect(await check(now + HOUR)).not.toBeNull();
    await env.DB.prepare("UPDATE api_keys SET revoked_at = 1 WHERE id = ?").bind(id).run();
    expect(await check(now)).toBeNull();
  });

  it("a key refused before it was known is looked up again", async () => {
    const { id, key } = await makeKey(["tasks:read"]);
    const now = Date.now();
    const check = (at: number) => verifyKey(env, key, at, () => undefined);
    const expire = (at: number | null) =>
      env.DB.prepare("UPDATE api_keys SET expires_at = ?2 WHERE id = ?1").bind(id, at).run();
    await expire(1);
    expect(await check(now + HOUR)).toBeNull();
    await expire(null);
    expect(await check(now)).not.toBeNull();
  });

  it("keys of Access are asked for again, also after a failure", async () => {
    let kids = ["old"];
    vi.stubGlobal("fetch", async () =>
      kids.length === 0
        ? new Response("down", { status: 503 })
        : Response.json({ keys: kids.map((kid) => ({ kid, kty: "RSA" })) }),
    );
    const now = Date.now();
    await accessKeys(TEAM, "old", now + HOUR);
    kids = [];
    await expect(accessKeys(TEAM, "new", now + HOUR + 20_000)).rejects.toThrow(/Access/);
    kids = ["new"];
    expect(await accessKeys(TEAM, "new", now)).toMatchObject([{ kid: "new" }]);
  });

  it("an address that gave too many passwords may try again", async () => {
    const now = Date.now();
    const attempt = (at: number) => takeAttempt(env.DB, "2001:db8::/64", at);
    for (let tries = 0; tries < 20; tries += 1) {
      await attempt(now + HOUR);
    }
    await expect(attempt(now + HOUR)).rejects.toMatchObject({ code: "too_many_attempts" });
    await expect(attempt(now)).resolves.toBeUndefined();
  });

  it("recovery is armed by the next work", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const now = Date.now() + 24 * HOUR; // No other test uses that time.
    const armed: number[] = [];
    const arm = async () => void armed.push(Date.now());
    const tested = testEnv({ RECOVERY: { getByName: () => ({ arm }) } });
    for (const at of [now + HOUR, now + HOUR + 1, now, now + 1]) {
      vi.setSystemTime(at);
      await storeOrders(tested, [anOrder()]);
    }
    expect(armed).toEqual([now + HOUR, now]);
  });
});

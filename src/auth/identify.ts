import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/app-env";
import { clientAddress } from "../http/client-address";
import { AppError } from "../http/errors";
import { assertWithinRate } from "../http/rate-limit";
import { accessCaller } from "./access/access";
import type { Caller } from "../caller";
import { verifyKey } from "./keys/key-check";
import { assertSameOrigin, isUnsafe } from "./same-origin";
import { hasSessionCookie, sessionCaller } from "./sessions/session";

/**
 * Sets `c.var.caller` from `Authorization: Bearer KEY`, else from Cloudflare Access if configured,
 * else from the session cookie, else to null. A request with none of them costs no I/O. An invalid
 * key is 401 `invalid_key` even where anonymous callers are welcome, because its sender expects it
 * to count. `trusts` tells which requests from other sites' pages may act by cookie.
 */
export function identify(
  trusts: (request: Request, env: Env) => boolean = () => false,
): MiddlewareHandler<AppEnv> {
  return async function identify(c, next) {
    c.set("caller", c.var.caller ?? (await findCaller(c, trusts(c.req.raw, c.env))));
    await next();
  };
}

async function findCaller(c: Context<AppEnv>, isTrusted: boolean): Promise<Caller | null> {
  const bearer = /^Bearer(?:\s+(.*))?$/i.exec(c.req.header("authorization") ?? "");
  if (bearer !== null) {
    const background = (work: Promise<void>) => c.executionCtx.waitUntil(work);
    const caller = await verifyKey(c.env, bearer[1]?.trim() ?? "", Date.now(), background);
    if (caller === null) {
      // Only failures count against an address, because it may be shared; 256 bits are not guessed.
      await assertWithinRate(c.env, "KEY_FAILURE_LIMIT", clientAddress(c.req.raw));
      const detail = "The API key is unknown, expired or revoked.";
      const headers = { "www-authenticate": 'Bearer error="invalid_token"' };
      throw new AppError(401, "invalid_key", detail, {}, headers);
    }
    return caller;
  }
  const person = await accessCaller(c, isTrusted);
  if (person !== null) {
    return person;
  }
  if (!hasSessionCookie(c.req.raw)) {
    return null;
  }
  if (!isTrusted) {
    assertSameOrigin(c.req.raw);
  }
  return sessionCaller(c, isUnsafe(c.req.method));
}

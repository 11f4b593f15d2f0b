import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env";

/** DEPENDS_ON lists the request headers that an answer may depend on. */
const DEPENDS_ON = ["Accept", "Accept-Language", "Authorization", "Cookie", "Origin"];

/**
 * Forbids caches and browsers to keep an answer, because the next person at that browser may be
 * another. Only an answer that declares itself public is cached, unless it sets a cookie, which is
 * one reader's.
 */
export function privateAnswers(): MiddlewareHandler<AppEnv> {
  return async function privateAnswers(c, next) {
    await next();
    const { headers } = c.res;
    if (/^public\b/.test(headers.get("cache-control") ?? "") && !headers.has("set-cookie")) {
      return;
    }
    headers.set("cache-control", "no-store");
    const named = (headers.get("vary") ?? "").split(/\s*,\s*/).filter(Boolean);
    headers.set("vary", [...new Set([...named, ...DEPENDS_ON])].join(", "));
  };
}

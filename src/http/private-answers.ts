import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env";

/** What an answer may depend on: who asks, in which language, for what, from where. */
const DEPENDS_ON = ["Accept", "Accept-Language", "Authorization", "Cookie", "Origin"];

/**
 * Nobody keeps an answer: no cache on the way, and no browser that somebody else sits down at. Only
 * one that says it is public may be kept, unless it sets a cookie, which is one reader's.
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

import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../../http/app-env";
import { isUnsafe } from "../../auth/same-origin";

/** Admits signed-in people. Anyone else is sent to sign in, and returns afterwards. */
export function requirePerson(): MiddlewareHandler<AppEnv> {
  return async function requirePerson(c, next) {
    if (c.var.caller?.kind !== "user") {
      const { pathname, search } = new URL(c.req.url);
      const next = isUnsafe(c.req.method) ? pathname : pathname + search;
      return c.redirect(`/sign-in?next=${encodeURIComponent(next)}`, 303);
    }
    return next();
  };
}

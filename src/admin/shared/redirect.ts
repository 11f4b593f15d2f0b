import type { Context } from "hono";

/**
 * Redirects after a call of better-auth, whose cookies, and the type of whose JSON answer, are on
 * the context.
 */
export function redirectWithCookies(c: Context, location: string): Response {
  c.header("content-type", undefined);
  return c.redirect(location, 303);
}

import type { Context } from "hono";

/** After a call of better-auth: its cookies are on the context, and so is the type of its JSON answer. */
export function redirectWithCookies(c: Context, location: string): Response {
  c.header("content-type", undefined);
  return c.redirect(location, 303);
}

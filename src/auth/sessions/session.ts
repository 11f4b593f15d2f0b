import type { Context } from "hono";
import { isDatabaseFull } from "../../db/full";
import type { AppEnv } from "../../http/app-env";
import { type Person, type Role, ROLES } from "../../caller";

const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=/;
/** A copy of the session that is not base64url: better-auth fails on it in place of passing it over. */
const UNREADABLE_COPY = /(?:__Secure-)?better-auth\.session_data[^=;]*=(?![\w-]*(?:;|$))[^;]*/g;

/** A session keeps its browser's name. */
const MAX_USER_AGENT = 255;

/** The request's headers as better-auth can take them. */
export function headersForAuth(request: Request): Headers {
  const headers = new Headers(request.headers);
  headers.set("user-agent", (headers.get("user-agent") ?? "").slice(0, MAX_USER_AGENT));
  headers.set("cookie", (headers.get("cookie") ?? "").replaceAll(UNREADABLE_COPY, ""));
  return headers;
}

/** Whether the request claims a session at all; without the cookie there is nothing to ask D1. */
export function hasSessionCookie(request: Request): boolean {
  return SESSION_COOKIE.test(request.headers.get("cookie") ?? "");
}

export interface Session {
  id: string;
  expiresAt: Date;
  caller: Person;
}

/** The person behind the session cookie, or null. */
export async function sessionCaller(c: Context<AppEnv>, fresh: boolean): Promise<Person | null> {
  return (await currentSession(c, fresh))?.caller ?? null;
}

/**
 * The session of the cookie, or null. `fresh` reads the database; otherwise the signed copy in the
 * cookie serves for up to a minute, renewed here by the cookies it sets.
 */
export async function currentSession(c: Context<AppEnv>, fresh: boolean): Promise<Session | null> {
  const { createAuth } = await import("../auth"); // evaluated by the first who needs it, see ./gate
  const { api } = createAuth(c.env, c.req.url);
  const read = (disableRefresh: boolean) =>
    api.getSession({
      headers: headersForAuth(c.req.raw),
      query: { disableCookieCache: fresh, disableRefresh },
      returnHeaders: true,
    });
  const { response, headers } = await read(false).catch((error: Error) => {
    if (isDatabaseFull(error)) {
      return read(true); // it cannot be prolonged, and is as good as before
    }
    throw error;
  });
  for (const cookie of headers.getSetCookie()) {
    c.header("set-cookie", cookie, { append: true });
  }
  if (response === null || response.user.banned === true) {
    return null;
  }
  const { id, email, role } = response.user;
  const { id: sessionId, expiresAt } = response.session;
  const caller = { kind: "user" as const, id, email, role: parseRole(role) };
  return { id: sessionId, expiresAt: new Date(expiresAt), caller };
}

/** better-auth keeps the role as text; anything unknown gets the least. */
function parseRole(role: string | null | undefined): Role {
  return ROLES.find((known) => known === role) ?? "viewer";
}

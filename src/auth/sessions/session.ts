import type { Context } from "hono";
import { isDatabaseFull } from "../../db/full";
import type { AppEnv } from "../../http/app-env";
import { type Person, type Role, ROLES } from "../../caller";

const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=/;
/**
 * UNREADABLE_COPY matches a cached session that is not base64url, on which better-auth fails
 * instead of ignoring it.
 */
const UNREADABLE_COPY = /(?:__Secure-)?better-auth\.session_data[^=;]*=(?![\w-]*(?:;|$))[^;]*/g;

/** The User-Agent is stored with the session, so it is cut. */
const MAX_USER_AGENT = 255;

/** Returns the request's headers in a form that better-auth accepts. */
export function headersForAuth(request: Request): Headers {
  const headers = new Headers(request.headers);
  headers.set("user-agent", (headers.get("user-agent") ?? "").slice(0, MAX_USER_AGENT));
  headers.set("cookie", (headers.get("cookie") ?? "").replaceAll(UNREADABLE_COPY, ""));
  return headers;
}

/** Tells whether the request has a session cookie; without one there is nothing to ask D1. */
export function hasSessionCookie(request: Request): boolean {
  return SESSION_COOKIE.test(request.headers.get("cookie") ?? "");
}

export interface Session {
  id: string;
  expiresAt: Date;
  caller: Person;
}

/** Returns the person behind the session cookie, or null. */
export async function sessionCaller(c: Context<AppEnv>, fresh: boolean): Promise<Person | null> {
  return (await currentSession(c, fresh))?.caller ?? null;
}

/**
 * Returns the session of the cookie, or null. `fresh` reads the database; otherwise the signed copy
 * in the cookie serves for up to a minute, and is renewed here by the cookies this sets.
 */
export async function currentSession(c: Context<AppEnv>, fresh: boolean): Promise<Session | null> {
  const { createAuth } = await import("../auth"); // evaluated on first use, as in ../gate
  const { api } = createAuth(c.env, c.req.url);
  const read = (disableRefresh: boolean) =>
    api.getSession({
      headers: headersForAuth(c.req.raw),
      query: { disableCookieCache: fresh, disableRefresh },
      returnHeaders: true,
    });
  const { response, headers } = await read(false).catch((error: Error) => {
    if (isDatabaseFull(error)) {
      return read(true); // a full database cannot prolong it, and it is as good as before
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

/** Parses better-auth's role, a text; an unknown one gets the least rights. */
function parseRole(role: string | null | undefined): Role {
  return ROLES.find((known) => known === role) ?? "viewer";
}

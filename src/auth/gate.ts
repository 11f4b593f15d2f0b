import type { Context } from "hono";
import { noting } from "../db/guarded";
import type { AppEnv } from "../http/app-env";
import { clientAddress } from "../http/client-address";
import { AppError } from "../http/errors";
import { assertKnown } from "../http/known-names";
import { assertWithinRate } from "../http/rate-limit";
import { log } from "../log";
import { accessCaller } from "./access/access";
import { returnAttempt, takeAttempt } from "./sessions/attempts";
import type { Auth } from "./auth";
import type { Person } from "../caller";
import { ensureFirstAdmin } from "./people/first-admin";
import { withLentSession } from "./sessions/lent-session";
import { assertAdmin } from "../http/require";
import { assertPeopleRequest, disarm } from "./people/people";
import { audited } from "./people/people-audit";
import { refusal } from "./refusal";
import { assertSameOrigin } from "./same-origin";
import {
  currentSession,
  hasSessionCookie,
  headersForAuth,
  sessionCaller,
} from "./sessions/session";
import { endOtherSessions } from "./sessions/session-list";
import { AUTH_PATH } from "./settings";
import { signingIn } from "./sessions/sign-in";

const LISTING = [
  "limit",
  "offset",
  "searchField",
  "searchOperator",
  "searchValue",
  "sortBy",
  "sortDirection",
  "filterField",
  "filterOperator",
  "filterValue",
];
/**
 * ENDPOINTS lists the better-auth endpoints in use and the fields of each one's body (or query, for
 * a GET). Any other endpoint is 404, any other field 400.
 */
export const ENDPOINTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["/sign-in/email", ["email", "password", "callbackURL", "rememberMe"]],
  // Sign-up is listed because it answers that sign-up is closed.
  ["/sign-up/email", ["name", "email", "password", "image", "callbackURL", "rememberMe"]],
  ["/sign-out", ["callbackURL", "disableRedirect", "state"]],
  ["/get-session", ["disableCookieCache", "disableRefresh"]],
  ["/change-password", ["currentPassword", "newPassword", "revokeOtherSessions"]],
  ["/list-sessions", []],
  ["/revoke-session", ["token"]],
  ["/revoke-sessions", []],
  ["/revoke-other-sessions", []],
  ["/admin/create-user", ["email", "password", "name", "role"]],
  ["/admin/list-users", LISTING],
  ["/admin/get-user", ["id"]],
  ["/admin/set-role", ["userId", "role"]],
  ["/admin/set-user-password", ["userId", "newPassword"]],
  ["/admin/ban-user", ["userId", "banReason", "banExpiresIn"]],
  ["/admin/unban-user", ["userId"]],
  ["/admin/remove-user", ["userId"]],
  ["/admin/list-user-sessions", ["userId"]],
  ["/admin/revoke-user-session", ["sessionToken"]],
  ["/admin/revoke-user-sessions", ["userId"]],
]);
/**
 * These endpoints are about the request's own session, even if Cloudflare Access vouches for the
 * person.
 */
const OWN_SESSION = new Set(["/sign-in/email", "/sign-up/email", "/sign-out", "/get-session"]);

export interface AuthCall {
  method: "GET" | "POST";
  /** `path` is below /api/auth, without a final slash: `/sign-in/email`. */
  path: string;
  /** `search` includes its question mark, or is empty. */
  search?: string;
  body?: unknown;
}

/**
 * Runs one better-auth endpoint for the request, behind checks that it lacks: same origin,
 * administrators only below /admin, limited password attempts, the first administrator. What is
 * done to people is noted in the audit log. Both the API and the pages call it. It answers only
 * success, with better-auth's cookies; anything else is thrown as an AppError with better-auth's
 * `code` and `message`.
 */
export async function callAuth(c: Context<AppEnv>, call: AuthCall): Promise<Response> {
  if (!ENDPOINTS.has(call.path)) {
    throw new AppError(404, "not_found", `Nothing is here: ${c.req.path}`);
  }
  assertSameOrigin(c.req.raw);
  // The import is dynamic so that isolates which only work queues never evaluate better-auth.
  const { createAuth } = await import("./auth");
  // For administration `sessionCaller` reads and prolongs the session first, so better-auth must
  // not again.
  const isAdministration = call.path.startsWith("/admin/");
  const { env, met } = noting(c.env);
  const auth = createAuth(env, c.req.url, !isAdministration);
  const visitor = OWN_SESSION.has(call.path) ? null : await accessCaller(c);
  const act = async () => {
    const response = await forward(c, auth, { ...call, body: keepingSession(call) }, visitor);
    if (!response.ok) {
      // better-auth takes a session that it could not read for a missing one, so the database's
      // error comes first.
      throw met[0] ?? (await refusal(response));
    }
    return c.body(await response.text(), 200, {
      "content-type": response.headers.get("content-type") ?? "application/json",
    });
  };
  if (isAdministration) {
    const admin = assertAdmin(visitor ?? (await sessionCaller(c, true)));
    c.set("caller", admin);
    assertKnownNames(call);
    assertPeopleRequest(call.path, call.body, admin);
    await disarm(c.env.DB, admin, call.path, call.body);
    return audited(c, call, () => endingSessions(c, call, visitor, act));
  }
  if (OWN_SESSION.has(call.path) || visitor !== null || hasSessionCookie(c.req.raw)) {
    assertKnownNames(call); // otherwise the answer is a 401, which comes before any 400
  }
  if (call.path === "/sign-in/email") {
    await ensureFirstAdmin(c.env, auth);
    return limited(c, call.path, () => signingIn(c, call.body, act));
  }
  return call.path === "/change-password"
    ? limited(c, call.path, () => endingSessions(c, call, visitor, act))
    : act();
}

function assertKnownNames({ method, path, search, body }: AuthCall): void {
  const known = ENDPOINTS.get(path) ?? [];
  assertKnown([...new URLSearchParams(search).keys()], method === "GET" ? known : []);
  assertKnown(typeof body === "object" && body !== null ? Object.keys(body) : [], known);
}

/**
 * Ends the other sessions of a person whose password changes, whatever the body asks for, because
 * someone with the old password may have opened them. Only the session of this request stays.
 * better-auth would keep them all, or replace this one too.
 */
async function endingSessions(
  c: Context<AppEnv>,
  { path, body }: AuthCall,
  visitor: Person | null,
  act: () => Promise<Response>,
): Promise<Response> {
  if (path !== "/change-password" && path !== "/admin/set-user-password") {
    return act();
  }
  const own = visitor === null ? await currentSession(c, true) : null;
  const whose =
    path === "/change-password"
      ? (visitor ?? own?.caller)?.id
      : (body as { userId: string }).userId; // assertPeopleRequest has checked the body
  const response = await act();
  if (whose !== undefined) {
    await endOtherSessions(c.env.DB, whose, own?.id ?? null);
  }
  return response;
}

/** Keeps better-auth from replacing the session, since `endingSessions` ends the others. */
function keepingSession({ path, body }: AuthCall): unknown {
  return path === "/change-password" && typeof body === "object" && body !== null
    ? { ...body, revokeOtherSessions: false }
    : body;
}

async function limited(
  c: Context<AppEnv>,
  path: string,
  act: () => Promise<Response>,
): Promise<Response> {
  const known = clientAddress(c.req.raw);
  await assertWithinRate(c.env, "SIGN_IN_LIMIT", known);
  const address = known ?? "unknown";
  await takeAttempt(c.env.DB, address, Date.now());
  let wrongPassword = false;
  try {
    return await act();
  } catch (error) {
    wrongPassword =
      error instanceof AppError && (error.status === 401 || error.code === "INVALID_PASSWORD");
    if (wrongPassword) {
      log.warn("auth.wrong_password", { path, address });
    }
    throw error;
  } finally {
    if (!wrongPassword) {
      await returnAttempt(c.env.DB, address);
    }
  }
}

async function forward(
  c: Context<AppEnv>,
  auth: Auth,
  call: AuthCall,
  visitor: Person | null,
): Promise<Response> {
  const url = new URL(AUTH_PATH + call.path + (call.search ?? ""), c.req.url);
  const headers = headersForAuth(c.req.raw);
  headers.delete("content-length");
  headers.delete("content-type");
  let body: string | undefined;
  if (call.body !== undefined) {
    headers.set("content-type", "application/json");
    body = JSON.stringify(call.body);
  }
  const handle = () => auth.handler(new Request(url, { method: call.method, headers, body }));
  const response =
    visitor === null
      ? await handle()
      : await withLentSession(auth, visitor, (cookie) => {
          headers.set("cookie", cookie);
          return handle();
        });
  for (const cookie of response.headers.getSetCookie()) {
    c.header("set-cookie", cookie, { append: true });
  }
  return response;
}

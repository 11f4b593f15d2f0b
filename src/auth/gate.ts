import type { Context } from "hono";
import type { AppEnv } from "../http/app-env";
import { clientAddress } from "../http/client-address";
import { AppError } from "../http/errors";
import { assertWithinRate } from "../http/rate-limit";
import { log } from "../log";
import { returnAttempt, takeAttempt } from "./attempts";
import type { Auth } from "./auth";
import { ensureFirstAdmin } from "./first-admin";
import { assertAdmin } from "./middleware";
import { assertPeopleRequest, disarm } from "./people";
import { refusal } from "./refusal";
import { assertSameOrigin } from "./same-origin";
import { sessionCaller } from "./session";
import { AUTH_PATH } from "./settings";

/** The endpoints of better-auth in use; whatever else it brings is not found. */
export const ENDPOINTS: ReadonlySet<string> = new Set([
  "/sign-in/email",
  "/sign-up/email", // answers that sign-up is closed
  "/sign-out",
  "/get-session",
  "/change-password",
  "/list-sessions",
  "/revoke-session",
  "/revoke-sessions",
  "/revoke-other-sessions",
  "/admin/create-user",
  "/admin/list-users",
  "/admin/get-user",
  "/admin/set-role",
  "/admin/set-user-password",
  "/admin/ban-user",
  "/admin/unban-user",
  "/admin/remove-user",
  "/admin/list-user-sessions",
  "/admin/revoke-user-session",
  "/admin/revoke-user-sessions",
]);
const PASSWORD_ENDPOINTS = new Set(["/sign-in/email", "/change-password"]);

export interface AuthCall {
  method: "GET" | "POST";
  /** Below /api/auth, without a final slash: `/sign-in/email`. */
  path: string;
  /** With its question mark, or empty. */
  search?: string;
  body?: unknown;
}

/**
 * Runs one better-auth endpoint for the request at hand, behind the checks it lacks: same origin,
 * administrators only below /admin, limited password attempts, the first administrator. The site's
 * pages use it too. Answers only success, with better-auth's cookies; anything else is an AppError
 * with better-auth's `code` and `message`.
 */
export async function callAuth(c: Context<AppEnv>, call: AuthCall): Promise<Response> {
  if (!ENDPOINTS.has(call.path)) {
    throw new AppError(404, "not_found", `Nothing is here: ${c.req.path}`);
  }
  assertSameOrigin(c.req.raw);
  // Imported here so that isolates which only work queues never evaluate better-auth.
  const { createAuth } = await import("./auth");
  const auth = createAuth(c.env, c.req.url);
  if (call.path.startsWith("/admin/")) {
    const admin = assertAdmin(await sessionCaller(c, true));
    assertPeopleRequest(call.path, call.body, admin);
    await disarm(c.env.DB, admin, call.path, call.body);
  }
  if (call.path === "/sign-in/email") {
    await ensureFirstAdmin(c.env, auth);
  }
  return PASSWORD_ENDPOINTS.has(call.path) ? limited(c, auth, call) : forward(c, auth, call);
}

async function limited(c: Context<AppEnv>, auth: Auth, call: AuthCall): Promise<Response> {
  const known = clientAddress(c.req.raw);
  await assertWithinRate(c.env, "SIGN_IN_LIMIT", known);
  const address = known ?? "unknown";
  await takeAttempt(c.env.DB, address, Date.now());
  let wrongPassword = false;
  try {
    return await forward(c, auth, call);
  } catch (error) {
    wrongPassword =
      error instanceof AppError && (error.status === 401 || error.code === "INVALID_PASSWORD");
    if (wrongPassword) {
      log.warn("auth.wrong_password", { path: call.path, address });
    }
    throw error;
  } finally {
    if (!wrongPassword) {
      await returnAttempt(c.env.DB, address);
    }
  }
}

async function forward(c: Context<AppEnv>, auth: Auth, call: AuthCall): Promise<Response> {
  const url = new URL(AUTH_PATH + call.path + (call.search ?? ""), c.req.url);
  const headers = new Headers(c.req.raw.headers);
  headers.delete("content-length");
  headers.delete("content-type");
  let body: string | undefined;
  if (call.body !== undefined) {
    headers.set("content-type", "application/json");
    body = JSON.stringify(call.body);
  }
  const response = await auth.handler(new Request(url, { method: call.method, headers, body }));
  for (const cookie of response.headers.getSetCookie()) {
    c.header("set-cookie", cookie, { append: true });
  }
  if (!response.ok) {
    throw await refusal(response);
  }
  return c.body(await response.text(), 200, {
    "content-type": response.headers.get("content-type") ?? "application/json",
    "cache-control": "no-store",
  });
}

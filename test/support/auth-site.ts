import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { errorPage } from "../../src/admin/site/error";
import { SCOPES } from "../../src/caller";
import { keyRoutes } from "../../src/auth/keys/key-routes";
import { identify } from "../../src/auth/identify";
import { requireAdmin, requireCaller, requireScope } from "../../src/http/require";
import { authRoutes } from "../../src/auth/routes";
import type { AppEnv } from "../../src/http/app-env";
import { notFound, onError } from "../../src/http/errors";
import { privateAnswers } from "../../src/http/private-answers";

export const ORIGIN = "https://pedidos.example";
export const ADMIN = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };

/** The auth folder is mounted as in the site, with one route behind each guard. */
const site = new Hono<AppEnv>({ strict: false });
site.use(requestId(), privateAnswers());
site.onError(onError(errorPage));
site.notFound(notFound(errorPage));
site.route("/api/auth", authRoutes);
site.use(identify());
site.route("/api/keys", keyRoutes);
site.all("/anyone", (c) => c.json(c.var.caller));
site.all("/known", requireCaller(), (c) => c.json(c.var.caller));
site.all("/admin-only", requireAdmin(), (c) => c.json(c.var.caller));
for (const scope of SCOPES) {
  site.get(`/scope/${scope}`, requireScope(scope), (c) => c.json({ ok: true }));
}

export interface Call {
  method?: string;
  headers?: Record<string, string>;
  /** `body` is sent as JSON, a string unchanged. */
  body?: unknown;
  cookie?: string;
  key?: string;
  origin?: string;
  env?: Partial<Env>;
}

/** Sends one request and waits until its background work is finished. */
export async function call(path: string, options: Call = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  if (options.body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  if (options.cookie !== undefined) {
    headers.set("cookie", options.cookie);
  }
  if (options.key !== undefined) {
    headers.set("authorization", `Bearer ${options.key}`);
  }
  const body = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  const request = new Request((options.origin ?? ORIGIN) + path, { method, headers, body });
  const ctx = createExecutionContext();
  const bindings = options.env === undefined ? env : { ...env, ...options.env };
  const response = await site.fetch(request, bindings, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

export function signIn(credentials: unknown, options: Call = {}): Promise<Response> {
  return call("/api/auth/sign-in/email", { ...options, body: credentials });
}

/** Returns the cookies that a browser would send back after this answer. */
export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

export async function adminCookie(): Promise<string> {
  return cookiesOf(await signIn(ADMIN));
}

/** Makes a person through the administrator, and signs them in. */
export async function person(
  role: string,
): Promise<{ id: string; email: string; password: string; cookie: string }> {
  const email = `${crypto.randomUUID()}@example.com`;
  const password = "a-person-of-the-tests";
  const made = await call("/api/auth/admin/create-user", {
    cookie: await adminCookie(),
    body: { email, password, name: "Person", role },
  });
  const { user } = await made.json<{ user: { id: string } }>();
  return { id: user.id, email, password, cookie: cookiesOf(await signIn({ email, password })) };
}

export interface MadeKey {
  id: string;
  key: string;
  name: string;
  scopes: string[];
  expires_at: string | null;
}

export async function makeKey(
  scopes: readonly string[],
  extra: Record<string, unknown> = {},
): Promise<MadeKey> {
  const body = { name: "test key", scopes, ...extra };
  const response = await call("/api/keys", { cookie: await adminCookie(), body });
  return response.json<MadeKey>();
}

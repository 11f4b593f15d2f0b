import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import { type Scope, SCOPES } from "../../src/caller";
import worker from "../../src/index";
import { withOwnDesk } from "./ingest-desk";

export const ORIGIN = "https://pedidos.example";

export interface CallInit extends RequestInit {
  /** `key` is sent as `Authorization: Bearer KEY`. */
  key?: string;
  /** `cookie` is sent as the cookie header. */
  cookie?: string;
  /** `env` replaces the deployment's own bindings for this request. */
  env?: Partial<Record<keyof Env, unknown>>;
}

/** Sends one request to the deployed site from outside. Redirects are not followed. */
export async function call(path: string, init: CallInit = {}): Promise<Response> {
  const { key, cookie, env: overrides, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (key !== undefined) {
    headers.set("authorization", `Bearer ${key}`);
  }
  if (cookie !== undefined) {
    headers.set("cookie", cookie);
  }
  const url = path.startsWith("/") ? ORIGIN + path : path;
  const request = new Request(url, { redirect: "manual", ...rest, headers });
  if (overrides === undefined) {
    return exports.default.fetch(request);
  }
  const ctx = createExecutionContext();
  const response = await worker.fetch(request, withOwnDesk({ ...env, ...overrides } as Env), ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

let session: Promise<string> | undefined;

/** Returns the administrator's cookies, signed in once per test file. */
export async function adminSession(): Promise<string> {
  session ??= signIn();
  return session;
}

async function signIn(): Promise<string> {
  const response = await call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD }),
  });
  expect(response.status).toBe(200);
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return cookies.join("; ");
}

/** Makes a new key with the given scopes over the API. */
export async function apiKey(scopes: readonly Scope[] = SCOPES): Promise<string> {
  const response = await call("/api/keys/", {
    method: "POST",
    cookie: await adminSession(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "test", scopes }),
  });
  expect(response.status).toBe(201);
  const { key } = await response.json<{ key: string }>();
  return key;
}

let master: Promise<string> | undefined;

/** Returns a key with every scope, made once per test file. */
export async function masterKey(): Promise<string> {
  master ??= apiKey();
  return master;
}

export interface Problem {
  status: number;
  code: string;
  detail: string;
  requestId: string;
  [member: string]: unknown;
}

/** Checks that the answer is a problem document of that status and code, and returns it. */
export async function expectProblem(
  response: Response,
  status: number,
  code: string,
): Promise<Problem> {
  const text = await response.text();
  const seen = `${response.status} ${text.slice(0, 500)}`;
  expect(response.status, seen).toBe(status);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json(;|$)/);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({ status, code });
  expect(problem.requestId, seen).toMatch(/^\S+$/);
  expect(problem.detail, seen).toMatch(/\S/);
  expect(problem["title"], seen).toMatch(/\S/);
  return problem;
}

/** Expects a 400 that names the parameter, both for programs and in words. */
export async function expectBadParameter(response: Response, parameter: string): Promise<void> {
  const problem = await expectProblem(response, 400, "invalid_parameter");
  expect(problem["parameter"]).toBe(parameter);
  expect(problem.detail).toContain(parameter);
}

export interface List<Result> {
  count: number;
  count_capped?: boolean;
  next: string | null;
  previous: string | null;
  results: Result[];
}

/** Reads a list of the API, by path or by the link that another page gave. */
export async function list<Result>(pathOrLink: string): Promise<List<Result>> {
  const response = await call(pathOrLink, { key: await masterKey() });
  const text = await response.text();
  expect(response.status, `${pathOrLink}: ${text.slice(0, 500)}`).toBe(200);
  return JSON.parse(text) as List<Result>;
}

/** Reads all pages from a first one on, following `next` or `previous` to the end. */
export async function pagesFrom<Result>(
  first: string,
  direction: "next" | "previous",
): Promise<List<Result>[]> {
  const pages: List<Result>[] = [];
  for (let link: string | null = first; link !== null; link = pages.at(-1)?.[direction] ?? null) {
    expect(pages.length, "paging does not end").toBeLessThan(200);
    pages.push(await list<Result>(link));
  }
  return pages;
}

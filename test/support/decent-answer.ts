/** This file checks what must hold of every answer, whatever the request was. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { ORIGIN, type Problem } from "./api";

/**
 * DELIBERATE lists the 503 codes that say "not now" on purpose. A database that did not answer is
 * not among them.
 */
const DELIBERATE = ["overloaded", "queue_full"];
const MAX_ANSWER_MS = 20_000;

const secrets = [env.ADMIN_PASSWORD, env.BETTER_AUTH_SECRET];
const STACK = /\bat (async )?[\w.<>]+ ?\(|\.[jt]sx?:\d+:\d+|node_modules|SQLITE_|D1_ERROR/;

/** Fails if the answer does not come in time. */
export async function answered(work: Promise<Response>): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer came")), MAX_ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function assertDecent(response: Response, path: string, method: string) {
  const text = await response.text();
  const seen = `${response.status} ${text.slice(0, 600)}`;
  if (response.status >= 500) {
    expect(response.status, seen).toBe(503);
    expect(DELIBERATE, seen).toContain((JSON.parse(text) as Problem).code);
  }
  // Any page may load the monitor's script, because reading tasks takes a ticket.
  const forAllSites = response.ok && path.startsWith("/task-monitor.js");
  assertHeaders(response.headers, seen, forAllSites ? "*" : null);
  expectNoSecret(text);
  const isApi = /^\/api([/?]|$)/.test(path);
  if (response.status >= 400) {
    expect(text).not.toMatch(STACK);
    if (isApi && method !== "HEAD") {
      assertProblem(response, text, seen);
    }
  }
}

function assertProblem(response: Response, text: string, seen: string): void {
  expect(response.headers.get("content-type"), seen).toMatch(/^application\/problem\+json(;|$)/);
  const problem = JSON.parse(text) as Problem;
  expect(problem.status, seen).toBe(response.status);
  expect(problem.code, seen).toMatch(/^\w+$/);
  expect(problem.requestId, seen).toMatch(/^[\w=-]+$/);
  expect(problem.detail, seen).toMatch(/\S/);
}

function assertHeaders(headers: Headers, seen: string, origins: string | null): void {
  expect(headers.get("x-content-type-options"), seen).toBe("nosniff");
  expect(headers.get("x-frame-options"), seen).toBe("DENY");
  expect(headers.get("referrer-policy"), seen).toBe("same-origin");
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy, seen).toContain("default-src 'none'");
  expect(policy, seen).toContain("frame-ancestors 'none'");
  expect(policy, seen).not.toContain("unsafe");
  expect(headers.get("access-control-allow-origin"), seen).toBe(origins);
  const location = headers.get("location");
  if (location !== null) {
    expect(new URL(location, ORIGIN).origin, location).toBe(ORIGIN);
    expect(location).toMatch(/^\/(?![/\\])/);
  }
  for (const cookie of headers.getSetCookie()) {
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; Secure/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
  }
}

/**
 * Fails if a text contains one of the site's own secrets, or of those in `more`, which become known
 * during a test.
 */
export function expectNoSecret(text: string, more: readonly string[] = []): void {
  for (const secret of [...secrets, ...more]) {
    expect(text.includes(secret), "a secret in an answer or a log line").toBe(false);
  }
}

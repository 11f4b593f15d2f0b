import { expect } from "vitest";
import type { Role } from "../../src/caller";
import { adminSession, call, type CallInit, ORIGIN } from "./api";

/** Visit is a call whose headers may be added to. */
type Visit = Omit<CallInit, "headers"> & { headers?: Record<string, string> };

/** Asks for a page as a browser does. */
export function visit(path: string, init: Visit = {}): Promise<Response> {
  return call(path, { ...init, headers: { accept: "text/html", ...init.headers } });
}

/** Sends a form of this site as a browser does. */
export function submit(
  path: string,
  fields: Record<string, string> | [string, string][],
  init: Visit = {},
) {
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    origin: ORIGIN,
    "sec-fetch-site": "same-origin",
  };
  const body = new URLSearchParams(fields).toString();
  return visit(path, { method: "POST", body, ...init, headers: { ...headers, ...init.headers } });
}

/** Returns the cookies of a new person of that role. */
export async function sessionOf(role: Role): Promise<string> {
  const email = `${role}-${crypto.randomUUID()}@example.com`;
  const password = "a-person-of-the-tests";
  const made = await call("/api/auth/admin/create-user", {
    method: "POST",
    cookie: await adminSession(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, name: role, role }),
  });
  expect(made.status).toBe(200);
  const signedIn = await submit("/sign-in", { email, password });
  expect(signedIn.status).toBe(303);
  return signedIn.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

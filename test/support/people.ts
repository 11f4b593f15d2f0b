import { expect } from "vitest";
import type { Role } from "../../src/caller";
import { adminSession, call, type CallInit } from "./api";

export const PASSWORD = "a-person-of-the-tests";

/** Returns the cookies that a browser would send back after this answer. */
export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

/** Makes one call of the auth API, with a JSON body. */
export function auth(endpoint: string, body: unknown, init: CallInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json");
  return call(`/api/auth${endpoint}`, {
    method: "POST",
    ...init,
    headers,
    body: JSON.stringify(body),
  });
}

export async function signIn(email: string, password = PASSWORD): Promise<string> {
  const response = await auth("/sign-in/email", { email, password });
  expect(response.status).toBe(200);
  return cookiesOf(response);
}

export interface Person {
  id: string;
  email: string;
  cookie: string;
}

/** Makes a person as the administrator does, and signs that person in. */
export async function person(role: Role, name = "Person"): Promise<Person> {
  const email = `${crypto.randomUUID()}@example.com`;
  const body = { email, password: PASSWORD, name, role };
  const made = await auth("/admin/create-user", body, { cookie: await adminSession() });
  expect(made.status).toBe(200);
  const { user } = await made.json<{ user: { id: string } }>();
  return { id: user.id, email, cookie: await signIn(email) };
}

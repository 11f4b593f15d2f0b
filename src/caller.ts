import { formsOf } from "./lib/fold";
import { asKept } from "./lib/ids";

export const SCOPES = [
  "orders:read",
  "orders:write",
  "tasks:read",
  "tasks:write",
  "tasks:track",
  "metrics:read",
] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who makes a request: a signed-in person with a role, or a machine's API key with scopes. For whom
 * Cloudflare Access vouches (until `accessUntil`, Unix ms), they need not have a session.
 */
export type Caller =
  | { kind: "user"; id: string; email: string; role: Role; accessUntil?: number }
  | { kind: "key"; id: string; name: string; scopes: readonly Scope[] };

export type Person = Extract<Caller, { kind: "user" }>;

const READ_SCOPES = SCOPES.filter((scope) => scope.endsWith(":read"));

/** What a role may do with orders and tasks; people, keys and deletion are for administrators only. */
const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  viewer: READ_SCOPES,
  operator: [...READ_SCOPES, "orders:write", "tasks:write", "tasks:track"],
  admin: SCOPES,
};

export function can(caller: Caller, scope: Scope): boolean {
  const scopes = caller.kind === "key" ? caller.scopes : ROLE_SCOPES[caller.role];
  return scopes.includes(scope);
}

/** Stable name of a caller for rows and logs: `user:ID` or `key:ID`. */
export function callerId(caller: Caller): string {
  return `${caller.kind}:${caller.id}`;
}

const KIND = /^(user|key):/;

/** The id alone of `user:ID` or `key:ID`; another text stays as it is. */
export function bareId(stored: string): string {
  return stored.replace(KIND, "");
}

/** How those may be stored whom a filter asks for by `user:ID`, by `key:ID` or by the bare id. */
export function storedForms(asked: string): string[] {
  const kinds = KIND.test(asked) ? [""] : ["", "user:", "key:"];
  const forms = new Set([asKept(asked), ...formsOf(asked)]);
  return kinds.flatMap((kind) => [...forms].map((form) => kind + form));
}

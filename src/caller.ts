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
 * A Caller is a signed-in person with a role, or a machine's API key with scopes. `accessUntil`
 * (Unix milliseconds) is set when Cloudflare Access vouches for the person, who then needs no
 * session.
 */
export type Caller =
  | { kind: "user"; id: string; email: string; role: Role; accessUntil?: number }
  | { kind: "key"; id: string; name: string; scopes: readonly Scope[] };

export type Person = Extract<Caller, { kind: "user" }>;

const READ_SCOPES = SCOPES.filter((scope) => scope.endsWith(":read"));

/**
 * ROLE_SCOPES says what a role may do with orders and tasks; people, keys and deletion are for
 * administrators only.
 */
const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  viewer: READ_SCOPES,
  operator: [...READ_SCOPES, "orders:write", "tasks:write", "tasks:track"],
  admin: SCOPES,
};

export function can(caller: Caller, scope: Scope): boolean {
  const scopes = caller.kind === "key" ? caller.scopes : ROLE_SCOPES[caller.role];
  return scopes.includes(scope);
}

/** Returns the stable name of a caller for rows and logs: `user:ID` or `key:ID`. */
export function callerId(caller: Caller): string {
  return `${caller.kind}:${caller.id}`;
}

const KIND = /^(user|key):/;

/** Returns the id alone of `user:ID` or `key:ID`; any other text is returned unchanged. */
export function bareId(stored: string): string {
  return stored.replace(KIND, "");
}

/**
 * Returns every form in which the caller of a filter may be stored; the filter may give `user:ID`,
 * `key:ID` or the bare id.
 */
export function storedForms(asked: string): string[] {
  const kinds = KIND.test(asked) ? [""] : ["", "user:", "key:"];
  const forms = new Set([asKept(asked), ...formsOf(asked)]);
  return kinds.flatMap((kind) => [...forms].map((form) => kind + form));
}

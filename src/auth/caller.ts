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

/** Who makes a request: a signed-in person with a role, or a machine's API key with scopes. */
export type Caller =
  | { kind: "user"; id: string; email: string; role: Role }
  | { kind: "key"; id: string; name: string; scopes: readonly Scope[] };

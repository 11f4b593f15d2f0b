import { expect, it } from "vitest";
import { type Caller, callerId, can, SCOPES } from "../../src/caller";

const key: Caller = { kind: "key", id: "a1", name: "ingest", scopes: ["orders:write"] };
const viewer: Caller = { kind: "user", id: "b2", email: "v@example.com", role: "viewer" };

it("gives a key its scopes and nothing else", () => {
  expect(SCOPES.filter((scope) => can(key, scope))).toEqual(["orders:write"]);
});

it("lets a viewer read everything and write nothing", () => {
  const allowed = SCOPES.filter((scope) => can(viewer, scope));
  expect(allowed).toEqual(["orders:read", "tasks:read", "metrics:read"]);
});

it("names callers so that a person and a key never collide", () => {
  expect(callerId(key)).toBe("key:a1");
  expect(callerId(viewer)).toBe("user:b2");
});

import { expect, it } from "vitest";
import { assertKnown, findUnknown, inWords } from "../../src/http/known-names";

const KNOWN = ["status", "task_name", "task_module", "limit", "user"];

it.each([
  ["statuss", "status"],
  ["STATUS", "status"],
  ["sttaus", "status"],
  ["tatus", "status"],
  ["taskname", "task_name"],
  ["taskModule", "task_module"],
  ["limt", "limit"],
  ["users", "user"],
  ["xyzzy", undefined],
  ["", undefined],
  ["a", undefined],
  ["statuss".repeat(1000), undefined],
])("takes %j for %j", (name, nearest) => {
  expect(findUnknown([name], KNOWN)?.nearest).toBe(nearest);
});

it("finds nothing where all is known", () => {
  expect(findUnknown(KNOWN, KNOWN)).toBeUndefined();
  expect(findUnknown([], [])).toBeUndefined();
});

it.each(["__proto__", "constructor", "toString"])("knows no %s", (name) => {
  expect(findUnknown([name], KNOWN)?.name).toBe(name);
});

it("tells the known names where they are few", () => {
  const words = (known: string[]) => inWords({ name: "x", nearest: undefined, known });
  expect(words(["a", "b"])).toBe("x: unknown; known here: a, b");
  expect(words([])).toBe("x: unknown; nothing is taken here");
  expect(words(Array(50).fill("name"))).not.toContain("name");
});

it("takes a name twice only where several may be given", () => {
  expect(() => assertKnown(["user", "user"], KNOWN)).toThrow("user: given more than once");
  expect(() => assertKnown(["user", "user"], KNOWN, ["user"])).not.toThrow();
});

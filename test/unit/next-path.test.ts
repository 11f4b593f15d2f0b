import { expect, it } from "vitest";
import { nextPath } from "../../src/admin/shared/next-path";

const ORIGIN = "https://pedidos.example";

it.for([
  ["/admin/tasks?status=FAILURE&q=a%20b", "/admin/tasks?status=FAILURE&q=a%20b"],
  ["/", "/"],
  ["/a/../b", "/b"],
])("goes on to a place of this site: %s", ([given, path]) => {
  expect(nextPath(given, ORIGIN, "/home")).toBe(path);
});

it.for([
  "https://evil.example/",
  "//evil.example/",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "javascript:alert(1)",
  " /admin",
  "admin",
  "",
  "//",
  undefined,
  null,
  ["/admin"],
])("stays for anything else: %j", (given) => {
  expect(nextPath(given, ORIGIN, "/home")).toBe("/home");
});

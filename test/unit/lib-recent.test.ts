import { expect, it } from "vitest";
import { isRecent } from "../../src/lib/recent";

it.each([
  ["now", 1000, true],
  ["a moment ago", 501, true],
  ["as long ago as that", 500, false],
  ["ahead, of a clock that went back since", 1001, false],
  ["never", Number.NEGATIVE_INFINITY, false],
])("a time that is %s", (_name, at, recent) => {
  expect(isRecent(at, 500, 1000)).toBe(recent);
});

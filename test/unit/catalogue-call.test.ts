import { expect, it } from "vitest";
import { readRetryAfter } from "../../src/orders/catalogue/call";

const NOW = Date.parse("2026-11-27T10:00:00Z");

it.each([
  ["0", 0],
  ["1", 1000],
  [" 120 ", 120_000],
  ["Fri, 27 Nov 2026 10:00:30 GMT", 30_000],
  ["Fri, 27 Nov 2026 09:00:00 GMT", 0],
  ["86400", 3_600_000],
  ["99999999999999999999", 3_600_000],
  ["soon", null],
  ["-1", null],
  ["", null],
  [null, null],
])("reads Retry-After %j as %j milliseconds", (header, ms) => {
  expect(readRetryAfter(header, NOW)).toBe(ms);
});

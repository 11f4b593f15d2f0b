import { expect, it } from "vitest";
import { cloudflareError, readRetryAfter } from "../../src/orders/catalogue/call";

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

it.each([
  ["error code: 1042", "1042"],
  ["error code: 522\n", "522"],
  ['{"type":"about:blank","cloudflare_error":true,"error_code":1016,"status":530}', "1016"],
  ['{\n  "error_code": 1042,\n  "cloudflare_error": true\n}', "1042"],
  [
    `<!DOCTYPE html>${" ".repeat(9000)}<div id="cf-error-details"><span class="cf-error-code">1101</span>`,
    "1101",
  ],
  ['<div id="cf-error-details" class="p-0"><span>Error code 521</span>', "521"],
  ['<div id="cf-error-details"><h1>Attention Required!</h1></div>', "page"],
  ["", null],
  ["Not Found", null],
  ['{"error":"error code: 1042"}', null],
  ["error code: 1042 is what our shop calls an unknown product", null],
  ["<h1>error code: 404</h1>", null],
])("takes %j for Cloudflare's own error %s", (body, number) => {
  expect(cloudflareError(body)).toBe(number);
});

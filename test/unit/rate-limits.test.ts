import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { clientAddress } from "../../src/http/client-address";
import { WINDOW_SECONDS } from "../../src/http/rate-limit";

interface Limit {
  name: string;
  namespace_id: string;
  simple: { period: number };
}

it("Retry-After is the window of each limiter that is deployed", () => {
  const config = fileURLToPath(new URL("../../wrangler.toml", import.meta.url).href);
  const { ratelimits } = readConfig({ config }, { hideWarnings: true }) as { ratelimits: Limit[] };
  const windows = ratelimits.map(({ name, simple }) => [name, simple.period]);
  expect(Object.fromEntries(windows)).toEqual(WINDOW_SECONDS);
  const namespaces = ratelimits.map(({ namespace_id }) => namespace_id);
  expect(new Set(namespaces).size).toBe(namespaces.length);
});

describe("who a request counts as", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff::1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:a:b::", "2001:db8:a:b::/64"],
    ["not an address", "not an address"],
  ])("%s is %s", (address, counted) => {
    const headers = { "cf-connecting-ip": address };
    expect(clientAddress(new Request("https://x.example", { headers }))).toBe(counted);
  });

  it("is nobody without an address", () => {
    expect(clientAddress(new Request("https://x.example"))).toBeNull();
  });
});

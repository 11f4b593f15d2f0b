import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, configOf, parseConfig, type Config } from "../../src/config";
import { fileVariables as production } from "../support/variables";

/** The defaults are production's, with a catalogue. */
const defaults = { ...production, CATALOGUE_URL: "https://catalogue.example" };

function parse(name: string, value: unknown): Config {
  return parseConfig({ ...defaults, [name]: value });
}

/**
 * Each variable has its member of Config, values with what they mean, and values that are refused.
 */
const variables: Record<string, [keyof Config, good: Record<string, unknown>, bad: string[]]> = {
  CATALOGUE_URL: [
    "catalogueUrl",
    {
      embedded: "",
      " embedded ": "",
      "https://fakestoreapi.com": "https://fakestoreapi.com",
      "https://fakestoreapi.com/": "https://fakestoreapi.com",
      "http://localhost:8080/v1//": "http://localhost:8080/v1",
    },
    [
      "",
      "  ",
      "Embedded",
      "fakestoreapi.com",
      "ftp://files.example",
      "file:///etc",
      "javascript:alert(1)",
      "//x",
      "http://",
    ],
  ],
  CATALOGUE_TIMEOUT_MS: [
    "catalogueTimeoutMs",
    { 10000: 10_000, 1: 1, 60000: 60_000, " 5 ": 5 },
    ["", "0", "60001", "-1", "1.5", "1e3", "ten", "0x10", "9".repeat(30), "1 000"],
  ],
  CATALOGUE_TTL_SECONDS: [
    "catalogueTtlMs",
    { 60: 60_000, 0: 0, 86400: 86_400_000 },
    ["", "86401", "-1", "0.5"],
  ],
  ALLOWED_ORIGINS: [
    "allowedOrigins",
    {
      "": [],
      "https://shop.example": ["https://shop.example"],
      "https://shop.example, http://localhost:3000": [
        "https://shop.example",
        "http://localhost:3000",
      ],
    },
    ["*", "shop.example", "https://shop.example/", "https://a.example https://b.example/x", "null"],
  ],
  DISCOUNT_THRESHOLD: [
    "discountThreshold",
    {
      "500.00": 50_000,
      500: 50_000,
      0: 0,
      0.5: 50,
      0.29: 29,
      1.15: 115,
      "9999999999.99": 999999999999,
    },
    ["", "-1", "1.005", "1,50", "500.", ".5", "NaN", "1e3", "10000000000"],
  ],
  DISCOUNT_RATE: [
    "discountRate",
    {
      "0.10": { numerator: 1000, denominator: 10_000 },
      0: { numerator: 0, denominator: 10_000 },
      1: { numerator: 10_000, denominator: 10_000 },
      "1.0000": { numerator: 10_000, denominator: 10_000 },
      0.0001: { numerator: 1, denominator: 10_000 },
    },
    ["", "10", "1.1", "1.0001", "-0.1", "10%", ".1", "0.", "0.12345", "0,1"],
  ],
  CURRENCY: ["currency", { USD: "USD", EUR: "EUR" }, ["", "usd", "US", "USDT", "U$D"]],
  ORDER_MAX_ATTEMPTS: ["orderMaxAttempts", { 1: 1, 20: 20 }, ["", "0", "21", "three"]],
  ORDER_RETRY_DELAY_SECONDS: [
    "orderRetryDelaySeconds",
    { 0: 0, 10: 10, 3600: 3600 },
    ["", "3601", "-1"],
  ],
  ORDER_MAX_AGE_HOURS: [
    "orderMaxAgeMs",
    { 1: 3_600_000, 24: 86_400_000, 720: 2_592_000_000 },
    ["", "0", "721"],
  ],
  LEASE_SECONDS: ["leaseMs", { 2: 2000, 45: 45_000, 600: 600_000 }, ["", "1", "601"]],
  RECOVERY_SECONDS: ["recoveryMs", { 1: 1000, 600: 600_000 }, ["", "0", "601"]],
  MAX_BACKLOG_SECONDS: ["maxBacklogMs", { 0: 0, 600: 600_000 }, ["", "-1", "86401", "1.5"]],
  DATABASE_MAX_GB: [
    "databaseMaxBytes",
    { 10: 10_000_000_000, 0.5: 500_000_000, "0.000001": 1000 },
    ["", "0", "0.0", "-1", "10.1", "11", "1e1", ".5", "0.0000001", "ten"],
  ],
  EXPORT_DAYS: [
    "exportMs",
    { 1: 86_400_000, 7: 604_800_000, 365: 31_536_000_000 },
    ["", "0", "366"],
  ],
  SOURCE_URL: [
    "sourceUrl",
    { "": "", "https://source.example/repo": "https://source.example/repo" },
    ["x"],
  ],
  DEFAULT_LANGUAGE: ["defaultLanguage", { es: "es", en: "en" }, ["", "ES", "fr"]],
  DEMO_ENABLED: ["demoEnabled", { true: true, false: false }, ["", "TRUE", "yes", "1", "0"]],
  LOCATION: [
    "location",
    { "": null, wnam: "wnam", enam: "enam", weur: "weur", eeur: "eeur", apac: "apac", oc: "oc" },
    ["WEUR", "sam", "europe", "weur,eeur"],
  ],
  LOG_LEVEL: [
    "logLevel",
    { debug: "debug", info: "info", warn: "warn", error: "error" },
    ["", "trace", "INFO"],
  ],
};

it("takes what wrangler.toml says, which is no demonstration", () => {
  expect(parseConfig(defaults)).toMatchObject({
    demoEnabled: false,
    discountThreshold: 50_000,
    discountRate: { numerator: 1000, denominator: 10_000 },
    currency: "USD",
    orderMaxAttempts: 3,
  });
});

const goodValues = Object.entries(variables).flatMap(([name, [member, good]]) =>
  Object.entries(good).map(([value, meaning]) => [name, value, member, meaning] as const),
);

it.each(goodValues)("reads %s = %j", (name, value, member, meaning) => {
  expect(parse(name, value)[member]).toEqual(meaning);
});

const badValues = Object.entries(variables).flatMap(([name, [, , bad]]) =>
  bad.map((value) => [name, value] as const),
);

it.each(badValues)("refuses %s = %j and names the variable and the value", (name, value) => {
  const error = errorOf(() => parse(name, value));
  expect(error).toBeInstanceOf(ConfigError);
  expect(error?.message.startsWith(`${name} must be `)).toBe(true);
  expect(error?.message).toContain(JSON.stringify(value.trim()));
});

const OPTIONAL = ["SOURCE_URL", "ALLOWED_ORIGINS", "LOCATION"];

it.each(Object.keys(variables).filter((name) => !OPTIONAL.includes(name)))(
  "refuses to run without %s",
  (name) => {
    expect(() => parse(name, undefined)).toThrow(new RegExp(`^${name} must be .+, not null$`));
  },
);

it("prices nothing with fiction where wrangler.toml is deployed as it is", () => {
  expect(errorOf(() => parseConfig(production))?.message).toBe(
    "CATALOGUE_URL must be the http(s) URL of the product catalogue, without a query, " +
      'or "embedded" for a demonstration\'s, not ""',
  );
});

it("reads any rate of four decimals exactly", () => {
  for (let numerator = 0; numerator < 10_000; numerator++) {
    const text = `0.${String(numerator).padStart(4, "0")}`;
    expect(parse("DISCOUNT_RATE", text).discountRate).toEqual({ numerator, denominator: 10_000 });
  }
});

it("reads any amount exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (minor) => {
      const text = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
      expect(parse("DISCOUNT_THRESHOLD", text).discountThreshold).toBe(minor);
    }),
  );
});

it("reads any text of any variable, or refuses it by name; there is no third way", () => {
  const names = fc.constantFrom(...Object.keys(variables));
  const values = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.e+-]{0,12}$/), fc.jsonValue());
  fc.assert(
    fc.property(names, values, (name, value) => {
      const error = errorOf(() => parse(name, value));
      expect(error === undefined || error.message.startsWith(`${name} must be `)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

describe("Cloudflare Access", () => {
  const team = { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: "0f".repeat(32) };
  const parseAccess = (given: Record<string, unknown>) =>
    parseConfig({ ...defaults, ...given }).access;
  const refusal = (given: Record<string, unknown>) => errorOf(() => parseAccess(given))?.message;

  it("is off by default, and where its variables are missing or empty", () => {
    expect(parseConfig(defaults).access).toBeNull();
    expect(parseAccess({ ACCESS_TEAM_DOMAIN: undefined, ACCESS_AUD: " " })).toBeNull();
    expect(parseAccess({ ACCESS_ROLES: "ana@acme.com=admin" })).toBeNull();
  });

  it("takes the team's domain as Cloudflare shows it", () => {
    for (const domain of [
      "team.cloudflareaccess.com",
      "https://team.cloudflareaccess.com",
      "https://team.cloudflareaccess.com/",
    ]) {
      expect(parseAccess({ ...team, ACCESS_TEAM_DOMAIN: domain })).toEqual({
        teamDomain: "team.cloudflareaccess.com",
        audience: team.ACCESS_AUD,
        roles: new Map(),
      });
    }
  });

  it.each(["ACCESS_TEAM_DOMAIN", "ACCESS_AUD"])("refuses to run without %s alone", (name) => {
    for (const value of ["", "  ", undefined]) {
      expect(refusal({ ...team, [name]: value })).toMatch(new RegExp(`^${name} must be `));
    }
  });

  it.each([
    ["ACCESS_TEAM_DOMAIN", "team"],
    ["ACCESS_TEAM_DOMAIN", "http://team.cloudflareaccess.com"],
    ["ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com/path"],
    ["ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com@evil.example"],
    ["ACCESS_AUD", "0f".repeat(31)],
    ["ACCESS_AUD", "0F".repeat(32)],
    ["ACCESS_AUD", `${team.ACCESS_AUD},${team.ACCESS_AUD}`],
    ["ACCESS_ROLES", "ana@acme.com"],
    ["ACCESS_ROLES", "ana@acme.com=root"],
    ["ACCESS_ROLES", "ana@acme.com=admin,"],
    ["ACCESS_ROLES", "*=admin"],
    ["ACCESS_ROLES", "*@*=admin"],
    ["ACCESS_ROLES", "a*@acme.com=admin"],
    ["ACCESS_ROLES", "ana@acme.com=admin, ANA@acme.com=viewer"],
    ["ACCESS_ROLES", "ana@acme.com=admin ben@acme.com=viewer"],
    ["ACCESS_ROLES", '{"ana@acme.com":"admin"}'],
  ])("refuses %s = %j by name", (name, value) => {
    expect(refusal({ ...team, [name]: value })).toMatch(new RegExp(`^${name} must be `));
  });

  it("refuses bad roles even while it is off", () => {
    expect(refusal({ ACCESS_ROLES: "everybody" })).toMatch(/^ACCESS_ROLES must be /);
  });

  it("reads who has which role, in any case", () => {
    const roles = " Ana@Acme.com = admin,*@acme.com=viewer ,ops@acme.com=operator";
    expect([...(parseAccess({ ...team, ACCESS_ROLES: roles })?.roles ?? [])]).toEqual([
      ["ana@acme.com", "admin"],
      ["*@acme.com", "viewer"],
      ["ops@acme.com", "operator"],
    ]);
  });
});

it("reads an environment once", () => {
  const env = { ...defaults };
  expect(configOf(env)).toBe(configOf(env));
  expect(configOf({ ...env, CURRENCY: "EUR" }).currency).toBe("EUR");
});

function errorOf(action: () => unknown): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

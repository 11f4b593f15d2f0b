/**
 * The configuration is read once and checked. Every error names its variable. `npm start` and `npm
 * run deploy` import this file too, so it depends on nothing.
 */
import type { Role } from "./caller";

export interface Config {
  /**
   * `catalogueUrl` is the base URL of the product catalogue without a final slash; empty means the
   * embedded one.
   */
  catalogueUrl: string;
  catalogueTimeoutMs: number;
  catalogueTtlMs: number;
  /** `discountThreshold` is in minor units; a subtotal above it gets the discount. */
  discountThreshold: number;
  /** `discountRate` is an exact fraction: 0.10 is 10 / 100. */
  discountRate: { numerator: number; denominator: number };
  currency: string;
  orderMaxAttempts: number;
  orderRetryDelaySeconds: number;
  orderMaxAgeMs: number;
  leaseMs: number;
  recoveryMs: number;
  /** `maxBacklogMs` is how old the backlog may be before new work is refused; 0 allows any age. */
  maxBacklogMs: number;
  /** `databaseMaxBytes` is D1's limit for one database: 10 GB, or 0.5 GB on the free plan. */
  databaseMaxBytes: number;
  /** Ended tasks stay in D1 this long before they are archived; 0 for ever. */
  historyMs: number;
  /** Beyond so many bytes of D1 the oldest are archived earlier. */
  historyMaxBytes: number;
  /** `exportMs` is how long the file of an export is kept. */
  exportMs: number;
  demoEnabled: boolean;
  /** `location` is where Durable Objects are created; null leaves the choice to the platform. */
  location: Location | null;
  /** `sourceUrl` is the landing page's link to the source; empty shows no link. */
  sourceUrl: string;
  /** `defaultLanguage` is for readers whose browser asks for neither language. */
  defaultLanguage: "es" | "en";
  logLevel: "debug" | "info" | "warn" | "error";
  /**
   * `allowedOrigins` names other sites whose pages may follow tasks with a ticket:
   * "https://shop.example".
   */
  allowedOrigins: readonly string[];
  /** `access` configures sign-in by Cloudflare Access; null means that it is not in use. */
  access: AccessConfig | null;
}

/** LOCATIONS are D1's location hints, which Durable Objects share. */
const LOCATIONS = ["wnam", "enam", "weur", "eeur", "apac", "oc"] as const;
type Location = (typeof LOCATIONS)[number];

export interface AccessConfig {
  /** `teamDomain` is the team's host, which issues the tokens: "team.cloudflareaccess.com". */
  teamDomain: string;
  /** `audience` is the audience tag of the Access application in front of this site. */
  audience: string;
  /**
   * `roles` maps an e-mail address, or "*@domain" for every address of a domain, to its role; keys
   * are lower case.
   */
  roles: ReadonlyMap<string, Role>;
}

export class ConfigError extends Error {
  constructor(variable: string, value: string | undefined, expected: string) {
    super(`${variable} must be ${expected}, not ${JSON.stringify(value ?? null)}`);
    this.name = "ConfigError";
  }
}

type Variables = Record<string, unknown>;

/** History leaves before the dashboard would say, from 0.8 on, that the database fills. */
const MAX_HISTORY_SHARE = 0.75;

export function parseConfig(env: Variables): Config {
  return {
    catalogueUrl: catalogueUrl(env),
    catalogueTimeoutMs: integer(env, "CATALOGUE_TIMEOUT_MS", 1, 60_000),
    catalogueTtlMs: integer(env, "CATALOGUE_TTL_SECONDS", 0, 86_400) * 1000,
    discountThreshold: amount(env, "DISCOUNT_THRESHOLD"),
    discountRate: rate(env, "DISCOUNT_RATE"),
    currency: matching(env, "CURRENCY", /^[A-Z]{3}$/, "three capital letters such as USD"),
    orderMaxAttempts: integer(env, "ORDER_MAX_ATTEMPTS", 1, 20),
    orderRetryDelaySeconds: integer(env, "ORDER_RETRY_DELAY_SECONDS", 0, 3600),
    orderMaxAgeMs: integer(env, "ORDER_MAX_AGE_HOURS", 1, 720) * 3_600_000,
    leaseMs: integer(env, "LEASE_SECONDS", 2, 600) * 1000,
    recoveryMs: integer(env, "RECOVERY_SECONDS", 1, 600) * 1000,
    maxBacklogMs: integer(env, "MAX_BACKLOG_SECONDS", 0, 86_400) * 1000,
    databaseMaxBytes: gigabytes(env, "DATABASE_MAX_GB"),
    historyMs: integer(env, "HISTORY_DAYS", 0, 3650) * 86_400_000,
    historyMaxBytes: Math.min(
      gigabytes(env, "HISTORY_MAX_GB"),
      MAX_HISTORY_SHARE * gigabytes(env, "DATABASE_MAX_GB"),
    ),
    exportMs: integer(env, "EXPORT_DAYS", 1, 365) * 86_400_000,
    demoEnabled: oneOf(env, "DEMO_ENABLED", ["true", "false"]) === "true",
    location: location(env),
    sourceUrl: url(env, "SOURCE_URL", "empty or an http(s) URL without a query"),
    defaultLanguage: oneOf(env, "DEFAULT_LANGUAGE", ["es", "en"]),
    logLevel: oneOf(env, "LOG_LEVEL", ["debug", "info", "warn", "error"]),
    allowedOrigins: origins(env, "ALLOWED_ORIGINS"),
    access: access(env),
  };
}

const parsed = new WeakMap<object, Config>();

/** Returns the configuration of an environment, parsed once. Throws a `ConfigError`. */
export function configOf(env: object): Config {
  let config = parsed.get(env);
  if (!config) {
    config = parseConfig(env as Variables);
    parsed.set(env, config);
  }
  return config;
}

function text(env: Variables, name: string): string | undefined {
  const value = env[name];
  return ["string", "number", "boolean"].includes(typeof value) ? String(value).trim() : undefined;
}

function matching(
  env: Variables,
  name: string,
  pattern: RegExp,
  expected: string,
  fallback?: string,
): string {
  const value = text(env, name) ?? fallback;
  if (value === undefined || !pattern.test(value)) {
    throw new ConfigError(name, value, expected);
  }
  return value;
}

function integer(env: Variables, name: string, min: number, max: number): number {
  const expected = `a whole number from ${min} to ${max}`;
  const value = Number(matching(env, name, /^\d{1,9}$/, expected));
  if (value < min || value > max) {
    throw new ConfigError(name, text(env, name), expected);
  }
  return value;
}

function amount(env: Variables, name: string): number {
  const value = matching(env, name, /^\d{1,10}(\.\d{1,2})?$/, "an amount such as 500.00");
  const [units = "0", cents = ""] = value.split(".");
  return Number(units) * 100 + Number(cents.padEnd(2, "0"));
}

function gigabytes(env: Variables, name: string): number {
  const expected = "gigabytes above 0 and up to 10, with at most six decimals, such as 0.5";
  const value = matching(env, name, /^\d{1,2}(\.\d{1,6})?$/, expected);
  if (Number(value) <= 0 || Number(value) > 10) {
    throw new ConfigError(name, value, expected);
  }
  return Math.round(Number(value) * 1e9);
}

function rate(env: Variables, name: string): Config["discountRate"] {
  const expected = "a rate from 0 to 1 with at most four decimals, such as 0.10";
  const value = matching(env, name, /^(0(\.\d{1,4})?|1(\.0{1,4})?)$/, expected);
  return { numerator: Math.round(Number(value) * 10_000), denominator: 10_000 };
}

function oneOf<T extends string>(env: Variables, name: string, allowed: readonly T[]): T {
  const value = text(env, name);
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new ConfigError(name, value, `one of ${allowed.join(", ")}`);
  }
  return found;
}

/**
 * The demonstration's catalogue must be asked for by name, so that a forgotten URL never prices
 * real orders with it.
 */
function catalogueUrl(env: Variables): string {
  const name = "CATALOGUE_URL";
  const expected =
    'the http(s) URL of the product catalogue, without a query, or "embedded" for a demonstration\'s';
  const value = text(env, name);
  if (!value) {
    throw new ConfigError(name, value, expected);
  }
  return value === "embedded" ? "" : url(env, name, expected);
}

function location(env: Variables): Location | null {
  const name = "LOCATION";
  const value = text(env, name) ?? "";
  const found = LOCATIONS.find((each) => each === value);
  if (value !== "" && !found) {
    throw new ConfigError(name, value, `empty or one of ${LOCATIONS.join(", ")}`);
  }
  return found ?? null;
}

function url(env: Variables, name: string, expected: string): string {
  const value = text(env, name) ?? "";
  if (value === "") {
    return "";
  }
  const { protocol, search, hash } = URL.canParse(value) ? new URL(value) : new URL("none:");
  if (!/^https?:$/.test(protocol) || search !== "" || hash !== "") {
    throw new ConfigError(name, value, expected);
  }
  return value.replace(/\/+$/, "");
}

function origins(env: Variables, name: string): string[] {
  const list = (text(env, name) ?? "").split(/[\s,]+/).filter((origin) => origin !== "");
  for (const origin of list) {
    if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigError(
        name,
        text(env, name),
        "origins such as https://shop.example, with commas",
      );
    }
  }
  return list;
}

/**
 * Access needs both variables or neither: half a configuration would admit nobody, or check too
 * little.
 */
function access(env: Variables): AccessConfig | null {
  const host = /^((https:\/\/)?[a-z0-9-]+(\.[a-z0-9-]+)+\/?)?$/;
  const expected = "the team's domain such as team.cloudflareaccess.com, set with ACCESS_AUD";
  const teamDomain = matching(env, "ACCESS_TEAM_DOMAIN", host, expected, "");
  const tag = "the application's audience tag, 64 hexadecimal digits, set with ACCESS_TEAM_DOMAIN";
  const audience = matching(env, "ACCESS_AUD", /^([0-9a-f]{64})?$/, tag, "");
  const roles = accessRoles(env);
  if (teamDomain === "" && audience === "") {
    return null;
  }
  if (teamDomain === "") {
    throw new ConfigError("ACCESS_TEAM_DOMAIN", teamDomain, expected);
  }
  if (audience === "") {
    throw new ConfigError("ACCESS_AUD", audience, tag);
  }
  return { teamDomain: teamDomain.replace(/^https:\/\/|\/$/g, ""), audience, roles };
}

function accessRoles(env: Variables): Map<string, Role> {
  const name = "ACCESS_ROLES";
  const value = text(env, name) ?? "";
  const expected = "a list such as ana@acme.com=admin, *@acme.com=viewer, each address once";
  const entry = /^((?:\*|[^\s@*=,]+)@[^\s@*=,]+)\s*=\s*(viewer|operator|admin)$/;
  const roles = new Map<string, Role>();
  for (const part of value === "" ? [] : value.split(",")) {
    const [, address = "", role] = entry.exec(part.trim()) ?? [];
    if (role === undefined || roles.has(address.toLowerCase())) {
      throw new ConfigError(name, value, expected);
    }
    roles.set(address.toLowerCase(), role as Role);
  }
  return roles;
}

/**
 * This file generates the values that the API's own description asks for, so that new routes are
 * fuzzed without further work.
 */
import * as fc from "fast-check";
import { validOrder } from "./arbitraries";
import { NAMES } from "../../src/admin/names";
import { ENDPOINTS } from "../../src/auth/gate";
import { apiDocument, nameOf, type Route } from "./route-table";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  minimum?: number;
  maximum?: number;
}

interface Operation {
  parameters?: { in: string; name: string; required?: boolean }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}

const DOCUMENT = apiDocument as unknown as {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
};

/** AUTH_VALUES covers better-auth's endpoints, which the description leaves out. */
const AUTH_VALUES: Record<string, fc.Arbitrary<unknown>> = {
  email: fc.constantFrom("admin@example.com", "nobody@example.com", "x@", ""),
  userId: fc.constantFrom("nobody", "1"),
  role: fc.constantFrom("viewer", "admin", "root"),
  token: fc.constant("x"),
  name: fc.constantFrom("N", "", "<b>"),
  banReason: fc.string(),
  banExpiresIn: fc.oneof(fc.integer(), fc.double()),
  callbackURL: fc.constantFrom("/", "https://evil.example"),
  rememberMe: fc.boolean(),
  revokeOtherSessions: fc.boolean(),
};
const password = fc.constantFrom("a-person-of-the-tests", "short", "x".repeat(200));

function authBody(endpoint: string): fc.Arbitrary<unknown> {
  const names = ENDPOINTS.get(endpoint) ?? [];
  const value = (name: string) =>
    /password/i.test(name) ? password : (AUTH_VALUES[name] ?? fc.jsonValue());
  return fc.record(Object.fromEntries(names.map((name) => [name, value(name)])), {
    requiredKeys: [],
  });
}

/** Generates bodies of the kind a route takes; null when the description has none. */
export function bodyOf(route: Route): fc.Arbitrary<unknown> | null {
  if (route.path === "/api/pedidos") {
    return fc.oneof(validOrder, fc.array(validOrder, { maxLength: 4 }));
  }
  if (route.path.startsWith("/api/auth/")) {
    return authBody(route.path.slice("/api/auth".length));
  }
  const schema = operationOf(route)?.requestBody?.content?.["application/json"]?.schema;
  return schema ? valuesOf(schema, 0) : null;
}

/** Returns the names that the description requires in a body, or in the query of a GET. */
export function requiredOf(route: Route): readonly string[] {
  const { parameters = [], requestBody } = operationOf(route) ?? {};
  if (route.path === "/api/pedidos") {
    return []; // This route stores orders unchecked.
  }
  const schema = requestBody?.content?.["application/json"]?.schema;
  const body = schema?.$ref === undefined ? schema : schemaOf(schema.$ref);
  const query = parameters.filter((each) => each.in === "query" && each.required);
  return [...query.map(({ name }) => name), ...(body?.required ?? [])];
}

/** Returns the names that a route's query may have. */
export function queryNamesOf(route: Route): readonly string[] {
  if (route.path.startsWith("/api/auth/")) {
    return route.method === "GET"
      ? (ENDPOINTS.get(route.path.slice("/api/auth".length)) ?? [])
      : [];
  }
  const parameters = operationOf(route)?.parameters?.filter((each) => each.in === "query");
  const ofPage = route.method === "GET" ? NAMES[nameOf(route)] : [];
  return parameters?.map(({ name }) => name) ?? ["lang", ...(ofPage ?? [])];
}

const schemaOf = (ref: string) => DOCUMENT.components?.schemas?.[ref.split("/").at(-1) ?? ""];

function operationOf({ method, path }: Route): Operation | undefined {
  const described = path.replaceAll(/:(\w+)/g, "{$1}");
  const item = DOCUMENT.paths[described] ?? DOCUMENT.paths[`${described}/`];
  return item?.[method.toLowerCase()];
}

const TEXTS: Record<string, string[]> = {
  date: ["2026-11-22"],
  "date-time": ["2026-11-22T10:00:00Z"],
  email: ["x@example.com"],
};

function valuesOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const target = schemaOf(schema.$ref);
    return target && depth < 8 ? valuesOf(target, depth + 1) : fc.jsonValue();
  }
  if (schema.enum) {
    return fc.constantFrom(...schema.enum);
  }
  if (schema.anyOf) {
    return fc.oneof(...schema.anyOf.map((each) => valuesOf(each, depth + 1)));
  }
  switch ([schema.type].flat()[0]) {
    case "object": {
      const members = Object.entries(schema.properties ?? {});
      return fc.record(
        Object.fromEntries(members.map(([name, each]) => [name, valuesOf(each, depth + 1)])),
        { requiredKeys: schema.required ?? [] },
      );
    }
    case "array":
      return fc.array(valuesOf(schema.items ?? {}, depth + 1), { maxLength: 4 });
    case "integer":
    case "number":
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000 });
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(fc.constantFrom(...(TEXTS[schema.format ?? ""] ?? ["x", "1"])), fc.string());
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

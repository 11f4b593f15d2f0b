import { createRoute as describe, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env";
import { wholeBody } from "./body-limit";
import { AppError } from "./errors";
import { assertKnown, assertKnownQuery } from "./known-names";

/**
 * Describes a route that refuses what it does not describe. After the caller is authorized, an
 * unknown query name, or a body where none is described, is 400 `invalid_parameter`. The fields of
 * a described body are checked by its schema, which must be strict at every depth.
 */
export const createRoute: typeof describe = (config) => {
  const own = [config.middleware ?? []].flat();
  return describe({ ...config, middleware: [...own, onlyKnown(config)] });
};

function onlyKnown({ request }: RouteConfig): MiddlewareHandler<AppEnv> {
  const { query, body } = request ?? {};
  if (query !== undefined && !(query instanceof z.ZodObject)) {
    throw new TypeError("A query's schema must tell its names: use z.object()");
  }
  const names = Object.keys(query?.shape ?? {});
  return body === undefined ? takesOnly(...names) : takesQuery(...names);
}

/** Lets a route without a description take these query names and no body. */
export function takesOnly(...names: string[]): MiddlewareHandler<AppEnv> {
  return async function takesOnly(c, next) {
    assertKnownQuery(c.req.url, names);
    const { method } = c.req.raw;
    if (method !== "GET" && method !== "HEAD") {
      const text = await sentText(c);
      if (!saysNothing(text)) {
        assertKnown(fieldsOf(text), []);
        const detail = "The body: nothing is taken here";
        throw new AppError(400, "invalid_parameter", detail, { parameter: "" });
      }
    }
    await next();
  };
}

/** Lets a route without a description take these query names, and a body that its handler reads. */
export function takesQuery(...names: string[]): MiddlewareHandler<AppEnv> {
  return async function takesQuery(c, next) {
    assertKnownQuery(c.req.url, names);
    await next();
  };
}

/**
 * Returns a body of any type as text. It is read as bytes, since workerd warns of a form that is
 * read as text.
 */
export async function sentText(c: Context): Promise<string> {
  return new TextDecoder().decode(await wholeBody(() => c.req.arrayBuffer()));
}

/** Tells whether a body is empty, `{}` or `null`, which some clients send in place of no body. */
export function saysNothing(text: string): boolean {
  return /^(?:\{\s*\}|null)?$/.test(text.trim());
}

/** Returns the field names of a JSON object or a form. */
function fieldsOf(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.keys(value)
      : [];
  } catch {
    return /^[\w.[\]-]+=/.test(text) ? [...new URLSearchParams(text).keys()] : [];
  }
}

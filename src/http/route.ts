import { createRoute as describe, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env";
import { wholeBody } from "./body-limit";
import { AppError } from "./errors";
import { assertKnown, assertKnownQuery } from "./known-names";

/**
 * A route that takes what it describes and nothing else: once its caller is known to be allowed, a
 * query name it does not know, or a body where it describes none, is 400 `invalid_parameter`. The
 * fields of a body it describes are judged by its schema, which must be strict at every depth.
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

/** For a route without a description: lets these query names pass, and no body. */
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

/** For a route without a description: lets these query names pass, and a body that is read elsewhere. */
export function takesQuery(...names: string[]): MiddlewareHandler<AppEnv> {
  return async function takesQuery(c, next) {
    assertKnownQuery(c.req.url, names);
    await next();
  };
}

/** A body of any type as text. It is read as bytes, since workerd warns of a form that is read as text. */
export async function sentText(c: Context): Promise<string> {
  return new TextDecoder().decode(await wholeBody(() => c.req.arrayBuffer()));
}

/** Clients that always send JSON say `{}` or `null` where there is nothing to say. */
export function saysNothing(text: string): boolean {
  return /^(?:\{\s*\}|null)?$/.test(text.trim());
}

/** The names of the fields of a JSON object, or of a form. */
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

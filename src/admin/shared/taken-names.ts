import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { AppError } from "../../http/errors";
import { assertKnown, assertKnownQuery } from "../../http/known-names";

/**
 * TakenNames maps each page, such as "GET /admin/tasks/:id", to the names its address may have
 * besides `lang`, or the fields its form may have. Any other name is a 400. A page that is not
 * listed takes none.
 */
export type TakenNames = Readonly<Record<string, readonly string[]>>;

/** REPEATABLE names are of boxes, of which several may be ticked. */
const REPEATABLE = ["id", "column", "scopes"];

/**
 * Checks the addresses of all pages below, after their caller is authorized. Forms, and the
 * addresses they are posted to, are checked as the form is read.
 */
export function onlyTakenNames(taken: TakenNames): MiddlewareHandler {
  return async function onlyTakenNames(c, next) {
    const route = routeOf(c);
    const names = taken[route ?? ""] ?? [];
    c.set("taken", names);
    await next();
    if (route?.startsWith("GET ") && (c.error === undefined || mayBeMistyped(c.error))) {
      assertKnownQuery(c.req.url, ["lang", ...names], REPEATABLE);
    }
  };
}

/**
 * Tells whether an unknown name may explain the error. Whoever may not see a page learns nothing
 * else.
 */
function mayBeMistyped(error: Error): boolean {
  return error instanceof AppError && (error.status === 400 || error.status === 404);
}

/**
 * Checks a form and the address it is posted to; `taken` replaces the page's list where fields
 * vary.
 */
export function assertTakenFields(c: Context, names: readonly string[], taken?: readonly string[]) {
  assertKnownQuery(c.req.url, ["lang"]);
  const known = taken ?? (c.get("taken") as readonly string[] | undefined) ?? [];
  assertKnown(names, known, REPEATABLE);
}

/** Returns the route that will answer, such as "GET /admin/tasks/:id"; undefined if none will. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  return route && `${route.method} ${route.path}`;
}

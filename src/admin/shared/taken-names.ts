import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { assertKnown, assertKnownQuery } from "../../http/known-names";

/**
 * By page, as in "GET /admin/tasks/:id": what its address may name besides `lang`, and what a form may
 * that is posted to it. Any other name is a 400 that tells it: a page that is not here takes nothing.
 */
export type TakenNames = Readonly<Record<string, readonly string[]>>;

/** Boxes of which several may be ticked. */
const REPEATABLE = ["id", "column", "scopes"];

/**
 * Judges the addresses of all pages below, once it is known that their caller may see them; what a
 * form brings is judged as it is read.
 */
export function onlyTakenNames(taken: TakenNames): MiddlewareHandler {
  return async function onlyTakenNames(c, next) {
    const route = routeOf(c);
    const isRead = route?.startsWith("GET ") ?? false;
    const names = taken[route ?? ""] ?? [];
    c.set("taken", names);
    if (isRead) {
      await next(); // whose refusal comes first
    }
    if (route !== undefined && !c.error) {
      assertKnownQuery(c.req.url, ["lang", ...(isRead ? names : [])], REPEATABLE);
    }
    if (!isRead) {
      await next();
    }
  };
}

/** `taken` are the fields of a form that are not always the same. */
export function assertTakenFields(c: Context, names: readonly string[], taken?: readonly string[]) {
  const known = taken ?? (c.get("taken") as readonly string[] | undefined) ?? [];
  assertKnown(names, known, REPEATABLE);
}

/** "GET /admin/tasks/:id": what will answer; undefined where nothing will. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  return route && `${route.method} ${route.path}`;
}

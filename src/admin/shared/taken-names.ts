import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { AppError } from "../../http/errors";
import { assertKnown, assertKnownQuery } from "../../http/known-names";

/**
 * By page, as in "GET /admin/tasks/:id": what its address may name besides `lang`, and what a form may
 * that is posted to it. Any other name is a 400 that tells it: a page that is not here takes nothing.
 */
export type TakenNames = Readonly<Record<string, readonly string[]>>;

/** Boxes of which several may be ticked. */
const REPEATABLE = ["id", "column", "scopes"];

/**
 * Judges the addresses of all pages below, once it is known that their caller may see them; those
 * that forms are posted to are judged as the form is read.
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

/** Whether a name that is not known may be why; who may not see a page is told nothing else. */
function mayBeMistyped(error: Error): boolean {
  return error instanceof AppError && (error.status === 400 || error.status === 404);
}

/** Judges a form and the address it is posted to; `taken` are fields that are not always the same. */
export function assertTakenFields(c: Context, names: readonly string[], taken?: readonly string[]) {
  assertKnownQuery(c.req.url, ["lang"]);
  const known = taken ?? (c.get("taken") as readonly string[] | undefined) ?? [];
  assertKnown(names, known, REPEATABLE);
}

/** "GET /admin/tasks/:id": what will answer; undefined where nothing will. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  return route && `${route.method} ${route.path}`;
}

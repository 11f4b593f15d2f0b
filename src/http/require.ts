/** This file checks that the caller whom `identify` found may use a route. */
import type { MiddlewareHandler } from "hono";
import { type Caller, can, type Person, type Scope } from "../caller";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

const CHALLENGE = { "www-authenticate": "Bearer" };

/** Answers 401 `unauthorized` to unknown callers. */
export function requireCaller(): MiddlewareHandler<AppEnv> {
  return async function requireCaller(c, next) {
    assertCaller(c.var.caller);
    await next();
  };
}

/** Answers 401 `unauthorized` without credentials, and 403 `forbidden` naming the missing scope. */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async function requireScope(c, next) {
    if (!can(assertCaller(c.var.caller), scope)) {
      throw new AppError(403, "forbidden", `This needs the scope ${scope}.`, { scope });
    }
    await next();
  };
}

/** Admits only signed-in administrators; a key administers nothing, whatever its scopes. */
export function requireAdmin(): MiddlewareHandler<AppEnv> {
  return async function requireAdmin(c, next) {
    assertAdmin(c.var.caller);
    await next();
  };
}

/** Returns the caller, or throws 401 `unauthorized`. */
export function assertCaller(caller: Caller | null | undefined): Caller {
  if (caller === null || caller === undefined) {
    const detail = "Sign in, or send an API key as `Authorization: Bearer KEY`.";
    throw new AppError(401, "unauthorized", detail, {}, CHALLENGE);
  }
  return caller;
}

/** Returns the caller if a signed-in administrator, else throws 401 or 403. */
export function assertAdmin(caller: Caller | null | undefined): Person {
  const known = assertCaller(caller);
  if (known.kind !== "user" || known.role !== "admin") {
    throw new AppError(403, "forbidden", "Only a signed-in administrator may do this.");
  }
  return known;
}

import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/app-env";

/** Adds the old program's `success: false` and `error` to every error. */
export function oldErrors(): MiddlewareHandler<AppEnv> {
  return async function oldErrors(c, next) {
    await next();
    if (c.res.headers.get("content-type")?.startsWith("application/problem+json")) {
      const problem = await c.res.json<{ detail: string }>();
      const body = { ...problem, success: false, error: problem.detail };
      c.res = new Response(JSON.stringify(body), c.res);
    }
  };
}

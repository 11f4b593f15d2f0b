import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { configOf } from "../config";
import type { AppEnv } from "../http/app-env";

/** Tells whether the request comes from a page of another site that ALLOWED_ORIGINS names. */
export function isAllowedOrigin(request: Request, env: Env): boolean {
  const origin = request.headers.get("origin");
  return origin !== null && configOf(env).allowedOrigins.includes(origin);
}

const grant = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ["GET", "POST"],
  allowHeaders: ["authorization", "content-type"],
  maxAge: 600,
});

/** Lets pages of ALLOWED_ORIGINS read the answers. For any other origin it changes nothing. */
export function allowOrigins(): MiddlewareHandler<AppEnv> {
  return async function allowOrigins(c: Context<AppEnv>, next) {
    return isAllowedOrigin(c.req.raw, c.env) ? grant(c, next) : next();
  };
}

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

/** Reads no further than that: 413 `body_too_large`. What a GET brings along is never read. */
export function limitBody(maxSize = 16_384): MiddlewareHandler<AppEnv> {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new AppError(413, "body_too_large", `The body is limited to ${maxSize} bytes.`);
    },
  });
  return async function limitBody(c, next) {
    const { method } = c.req.raw;
    return method === "GET" || method === "HEAD" ? next() : limit(c, next);
  };
}

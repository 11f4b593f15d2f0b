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
    return method === "GET" || method === "HEAD" ? next() : wholeBody(() => limit(c, next));
  };
}

/**
 * What `read` makes of a body. That its sender hung up is said in the words the database has for a
 * connection it lost: here it is told apart, a 400 `incomplete_body` which nobody is left to get.
 */
export async function wholeBody<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof AppError
      ? error
      : new AppError(400, "incomplete_body", "The body was cut off before its end.");
  }
}

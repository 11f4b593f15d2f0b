import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { endOfString } from "../lib/json-string";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

/** MAX_BODY_BYTES limits a body; in a body with long texts it limits what stands beside them. */
export const MAX_BODY_BYTES = 256 * 1024;
/** MAX_LONG_BODY_BYTES limits a body that may contain long texts. */
export const MAX_LONG_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Answers 413 `body_too_large` past `maxSize` bytes and reads no further. The body of a GET is
 * never read.
 */
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
 * Limits a route whose JSON may contain long texts, which are stored cut. A parsed text takes no
 * more memory than its bytes, but other JSON may take thirty times as much, so that part is limited
 * as in any other body. This middleware reads the body, so it must come after authentication.
 */
export function limitLongBody(): MiddlewareHandler<AppEnv> {
  const limit = limitBody(MAX_LONG_BODY_BYTES);
  return async function limitLongBody(c, next) {
    return limit(c, async () => {
      const isJson = c.req.header("content-type")?.includes("json") ?? false; // other content types are never parsed
      const text = isJson ? await wholeBody(() => c.req.text()) : "";
      if (sizeBesideTexts(text) > MAX_BODY_BYTES) {
        const detail = `Beside long texts, the body is limited to ${MAX_BODY_BYTES} bytes.`;
        throw new AppError(413, "body_too_large", detail);
      }
      await next();
    });
  };
}

/** Counts the characters of JSON outside its strings. */
function sizeBesideTexts(json: string): number {
  let size = 0;
  let from = 0;
  while (from < json.length) {
    const quote = json.indexOf('"', from);
    size += (quote === -1 ? json.length : quote + 1) - from;
    from = quote === -1 ? json.length : endOfString(json, quote) + 1;
  }
  return size;
}

/**
 * Reads a body with `read`. A sender that hangs up raises the same message as a lost database
 * connection, so it becomes a 400 `incomplete_body` here (which nobody is left to receive).
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

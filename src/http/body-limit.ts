import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { endOfString } from "../lib/json-string";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

/** The largest body; where one has long texts in it, all beside these. */
export const MAX_BODY_BYTES = 256 * 1024;
/** The largest body with long texts in it. */
export const MAX_LONG_BODY_BYTES = 4 * 1024 * 1024;

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
 * For a route whose JSON may have long texts in it, which are kept cut. Parsed, a text takes no more
 * memory than sent, but what is beside it may take thirty times that: so much may be in any other
 * body, and no more here. To follow what refuses strangers, since it reads the body.
 */
export function limitLongBody(): MiddlewareHandler<AppEnv> {
  const limit = limitBody(MAX_LONG_BODY_BYTES);
  return async function limitLongBody(c, next) {
    return limit(c, async () => {
      const isJson = c.req.header("content-type")?.includes("json") ?? false; // nothing else is read
      const text = isJson ? await wholeBody(() => c.req.text()) : "";
      if (sizeBesideTexts(text) > MAX_BODY_BYTES) {
        const detail = `Beside long texts, the body is limited to ${MAX_BODY_BYTES} bytes.`;
        throw new AppError(413, "body_too_large", detail);
      }
      await next();
    });
  };
}

/** Characters of JSON that are in no string. */
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

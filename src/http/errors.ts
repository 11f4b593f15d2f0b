import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isDatabaseTrouble } from "../db/retry";
import { log } from "../log";

/** An HTTP failure with a stable code; the only error a handler throws on purpose. */
export class AppError extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    /** Stable, machine-readable, never translated. */
    readonly code: string,
    /** For people: says what is wrong and, where it helps, what to do. */
    readonly detail: string,
    /** Further members of the problem document, such as `parameter`. */
    readonly extra: Record<string, unknown> = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(detail);
    this.name = "AppError";
  }
}

const TITLES: Record<number, string> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  429: "Too many requests",
  500: "Internal error",
  503: "Service unavailable",
};

/** Renders RFC 9457 `application/problem+json` with `code` and `requestId`. */
function problem(c: Context, error: AppError): Response {
  const body = {
    type: "about:blank",
    title: TITLES[error.status] ?? "Error",
    status: error.status,
    detail: error.detail,
    code: error.code,
    requestId: c.get("requestId"),
    ...error.extra,
  };
  return c.body(JSON.stringify(body), error.status, {
    "content-type": "application/problem+json; charset=utf-8",
    ...error.headers,
  });
}

/** The one place where an error becomes a response. */
export function onError(error: Error, c: Context): Response {
  if (error instanceof AppError) {
    return problem(c, error);
  }
  if (error instanceof HTTPException) {
    return problem(c, new AppError(error.status, "http_error", error.message));
  }
  if (/no such (table|column)/.test(fullMessage(error))) {
    log.error("http.missing_migration", { message: fullMessage(error) });
    const how =
      "The database lacks a migration: run `npm start`, or `npm run deploy` in production.";
    return problem(c, new AppError(503, "missing_migration", how));
  }
  if (isDatabaseTrouble(fullMessage(error))) {
    log.error("http.database_failed", { message: fullMessage(error) });
    const detail = "The database did not answer. Try again; an Idempotency-Key makes that safe.";
    const headers = { "retry-after": "5" };
    return problem(c, new AppError(503, "database_unavailable", detail, {}, headers));
  }
  log.error("http.failed", {
    requestId: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    message: fullMessage(error),
    stack: error.stack,
  });
  return problem(c, new AppError(500, "internal_error", "Something failed on our side."));
}

/** With the causes: drizzle puts what the database said there. */
function fullMessage(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message}: ${fullMessage(error.cause)}`
    : error.message;
}

export function notFound(c: Context): Response {
  return problem(c, new AppError(404, "not_found", `Nothing is here: ${c.req.path}`));
}

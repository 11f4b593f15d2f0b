import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { logFull } from "../db/full";
import { troubleBehind } from "../db/trouble";
import { causesOf } from "../lib/causes";
import { log } from "../log";

/**
 * An AppError is an HTTP failure with a stable code, and the only error a handler throws on
 * purpose.
 */
export class AppError extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    /** `code` is stable, machine-readable and never translated. */
    readonly code: string,
    /** `detail` tells people what is wrong and, where it helps, what to do. */
    readonly detail: string,
    /** `extra` holds further members of the problem document, such as `parameter`. */
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
  410: "Gone",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  426: "Upgrade required",
  429: "Too many requests",
  500: "Internal error",
  503: "Service unavailable",
  507: "Insufficient storage",
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

/**
 * API matches paths that always answer problem documents. `/api/docs` is a page, so it is not one.
 */
const API = /^\/api(?!\/docs\/?$)(\/|$)/;

/** An ErrorPage renders a page about an error. It is passed in because pages import this module. */
export type ErrorPage = (c: Context, error: AppError) => Promise<Response>;

/**
 * Answers with a page to a browser that asked for one outside the API, else with a problem
 * document.
 */
async function respond(c: Context, error: AppError, page?: ErrorPage): Promise<Response> {
  const wantsPage = (c.req.header("accept") ?? "").includes("text/html");
  return page && wantsPage && !API.test(c.req.path) ? page(c, error) : problem(c, error);
}

/**
 * Turns every error into a response; nothing else does. Without `page` it is always a problem
 * document.
 */
export function onError(page?: ErrorPage) {
  return async function onError(error: Error, c: Context): Promise<Response> {
    return respond(c, toAppError(error, c), page);
  };
}

function toAppError(error: Error, c: Context): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (error instanceof HTTPException) {
    return new AppError(error.status, "http_error", error.message);
  }
  const message = fullMessage(error);
  const trouble = troubleBehind(error);
  if (trouble?.kind === "unmigrated") {
    log.error("http.missing_migration", { message });
    const how =
      "The database lacks a migration: run `npm start`, or `npm run deploy` in production.";
    return new AppError(503, "missing_migration", how, {}, { "retry-after": "30" });
  }
  if (trouble?.kind === "full") {
    logFull({ found: "http.refused", message });
    return storageFull();
  }
  if (trouble) {
    log.error("http.database_failed", { message, kind: trouble.kind });
    const detail = "The database did not answer. Try again; an Idempotency-Key makes that safe.";
    const headers = { "retry-after": trouble.kind === "passing" ? "5" : "30" };
    return new AppError(503, "database_unavailable", detail, {}, headers);
  }
  if (isPlatformTrouble(error)) {
    log.error("http.platform_failed", { message });
    const detail = "A part of the platform did not answer. Try again.";
    return new AppError(503, "platform_unavailable", detail, {}, { "retry-after": "5" });
  }
  log.error("http.failed", {
    requestId: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    message,
    stack: error.stack,
  });
  return new AppError(500, "internal_error", "Something failed on our side.");
}

/** Tells whether a Durable Object's infrastructure threw the error, rather than its code. */
function isPlatformTrouble(error: Error & { retryable?: unknown; overloaded?: unknown }): boolean {
  return error.retryable === true || error.overloaded === true;
}

/**
 * Returns the 507 for a request that writes while the database has no room, or none for new work.
 */
export function storageFull(): AppError {
  const detail =
    "The database is full. Nothing of this request was accepted; reading and deleting go on. " +
    "An administrator must make room: the dashboard says how.";
  return new AppError(507, "storage_full", detail);
}

/** Joins the messages of all causes, because drizzle hides the database's message in a cause. */
function fullMessage(error: Error): string {
  return causesOf(error)
    .map(({ message }) => message)
    .join(": ");
}

export function notFound(page?: ErrorPage) {
  return async function notFound(c: Context): Promise<Response> {
    return respond(c, new AppError(404, "not_found", `Nothing is here: ${c.req.path}`), page);
  };
}

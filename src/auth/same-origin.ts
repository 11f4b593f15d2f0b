import { AppError } from "../http/errors";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Guards requests that act by cookie, or set one, against cross-site request forgery. Browsers
 * always send Origin or Sec-Fetch-Site with an unsafe request; programs that send neither are not
 * driven by another site's page. Throws 403 `cross_site`.
 */
export function assertSameOrigin(request: Request): void {
  if (SAFE_METHODS.has(request.method)) {
    return;
  }
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const foreignSite = site !== null && site !== "same-origin" && site !== "none";
  // A page with `Referrer-Policy: no-referrer` says "null" even to its own origin.
  const vouched = origin === "null" && site === "same-origin";
  const foreignOrigin = origin !== null && !vouched && origin !== new URL(request.url).origin;
  if (foreignSite || foreignOrigin) {
    throw new AppError(403, "cross_site", "Another site's page cannot make this request.");
  }
}

export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

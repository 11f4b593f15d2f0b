/**
 * Returns the path on this site to continue at, or `fallback`. It is resolved as browsers do, so
 * that `//host`, `/\host` and the like are recognized as other sites.
 */
export function nextPath(given: unknown, origin: string, fallback: string): string {
  if (typeof given !== "string" || !given.startsWith("/") || !URL.canParse(given, origin)) {
    return fallback;
  }
  const url = new URL(given, origin);
  return url.origin === origin && !url.pathname.startsWith("//")
    ? url.pathname + url.search
    : fallback;
}

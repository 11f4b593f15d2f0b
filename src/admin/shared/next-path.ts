/**
 * A place on this site to go on to, from a form or an address, else `fallback`. Resolved as a
 * browser would, so `//host`, `/\host` and the like are seen for what they are.
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

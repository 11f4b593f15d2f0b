import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/**
 * Every answer has these headers. A page sets a content policy of its own; nothing else may load or
 * frame anything.
 */
export const siteHeaders = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // A form posted with no referrer sends `Origin: null`, which not every browser vouches for.
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  overwrite: false,
});

/**
 * Lets search engines index only the landing page: other pages are private, or open by a secret
 * link.
 */
export const keepOutRobots: MiddlewareHandler = async function keepOutRobots(c, next) {
  await next();
  if (c.req.path !== "/") {
    c.res.headers.set("x-robots-tag", "noindex, nofollow");
  }
};

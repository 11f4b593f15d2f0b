import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** On every answer. A page brings a content policy of its own; nothing else loads or frames anything. */
export const siteHeaders = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // A form posted without any referrer says `Origin: null`, which not every browser vouches for.
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  overwrite: false,
});

/** Search engines may know the landing page: the rest is private, or opened by links that are keys. */
export const keepOutRobots: MiddlewareHandler = async function keepOutRobots(c, next) {
  await next();
  if (c.req.path !== "/") {
    c.res.headers.set("x-robots-tag", "noindex, nofollow");
  }
};

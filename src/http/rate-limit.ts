import type { Context, MiddlewareHandler } from "hono";
import { remember } from "../lib/remember";
import { log } from "../log";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

/**
 * WINDOW_SECONDS repeats the windows of wrangler.toml, because a limiter does not tell when its
 * window ends.
 */
export const WINDOW_SECONDS = {
  DEMO_LIMIT: 60,
  SIGN_IN_LIMIT: 60,
  KEY_FAILURE_LIMIT: 60,
  INGEST_LIMIT: 10,
} as const;
export type Limiter = keyof typeof WINDOW_SECONDS;

/**
 * Counts one more of `key`, and throws 429 `rate_limited` with Retry-After past the limit. The
 * platform counts per location and approximately, which stops floods but is no accounting. A
 * failing limiter, or a missing key, refuses nobody.
 */
export async function assertWithinRate(
  env: Env,
  limiter: Limiter,
  key: string | null,
): Promise<void> {
  if (key === null || (await isWithinRate(env, limiter, key))) {
    return;
  }
  const seconds = WINDOW_SECONDS[limiter];
  const detail = `Too many requests: try again in ${seconds} s.`;
  throw new AppError(429, "rate_limited", detail, {}, { "retry-after": String(seconds) });
}

async function isWithinRate(env: Env, limiter: Limiter, key: string): Promise<boolean> {
  try {
    return (await env[limiter].limit({ key })).success;
  } catch (error) {
    log.warn("http.rate_limiter_failed", { limiter, message: String(error) });
    return true;
  }
}

/**
 * Limits the requests of whoever `keyOf` names. An isolate reports only one of `oneIn` requests to
 * the limiter, so that busy routes do not pay for counting; a caller that was refused is checked
 * every time.
 */
export function rateLimit(
  limiter: Limiter,
  keyOf: (c: Context<AppEnv>) => string | null,
  { oneIn = 1 } = {},
): MiddlewareHandler<AppEnv> {
  const untold = new Map<string, number>();
  return async function rateLimit(c, next) {
    const key = keyOf(c);
    if (key !== null) {
      const requests = (untold.get(key) ?? 0) + 1;
      remember(untold, key, requests);
      if (requests >= oneIn) {
        await assertWithinRate(c.env, limiter, key);
        untold.set(key, 0);
      }
    }
    await next();
  };
}

/**
 * The engine's publisher calls the hub once per batch, not at all while nobody listens, and never
 * makes a batch wait noticeably.
 *
 * When the hub says that nobody listens, this isolate rests for QUIET_MS. A new socket hears its
 * first events at most that much late, and the hub tells it to read its list again by then. When a
 * call fails or is slow, the isolate rests as well, and its next call says that something is
 * missing.
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/app-env";
import { isRecent } from "../lib/recent";
import { log } from "../log";
import type { Publish } from "../tasks/model/publish";
import { PATIENCE_MS, QUIET_MS } from "./hub.do";
import { hubOf } from "./hub";

/** MAX_CHANGES limits what one request or batch publishes; a consumer's batch has at most 100. */
const MAX_CHANGES = 200;

let restedAt = 0;
let isMissing = false;

export const publishToHub: Publish = async (env, changes, beyond = false) => {
  if (isRecent(restedAt, QUIET_MS, Date.now())) {
    return;
  }
  const all = changes();
  const incomplete = isMissing || beyond || all.length > MAX_CHANGES;
  isMissing = false;
  try {
    const call = hubOf(env).publish({ changes: all.slice(0, MAX_CHANGES), incomplete });
    const { listeners } = await within(PATIENCE_MS, call);
    if (listeners === 0) {
      restedAt = Date.now();
    }
  } catch (error) {
    isMissing = true;
    restedAt = Date.now();
    log.warn("live.publish_failed", { changes: all.length, message: String(error) });
  }
};

/**
 * Announces a listener, for routes that send a browser to a page that will listen: the hub keeps
 * the first events for it.
 */
export function expectsListener(): MiddlewareHandler<AppEnv> {
  return async function expectsListener(c, next) {
    if (c.req.method === "GET" && (c.req.header("accept") ?? "").includes("text/html")) {
      try {
        await within(PATIENCE_MS, hubOf(c.env).expect());
        restedAt = 0;
      } catch (error) {
        log.warn("live.expect_failed", { message: String(error) });
      }
    }
    await next();
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The engine's publisher: one call to the hub per batch, none while nobody listens, and never a
 * wait that a batch would feel.
 *
 * When the hub says that nobody listens, this isolate rests for QUIET_MS, so a new socket hears the
 * first events at most that much late; the hub tells it to read its list again by then. When a call
 * fails or is slow, it rests as well, and the next call says that something is missing.
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../http/app-env";
import { isRecent } from "../lib/recent";
import { log } from "../log";
import type { Publish } from "../tasks/model/publish";
import { PATIENCE_MS, QUIET_MS } from "./hub.do";
import { hubOf } from "./hub";

/** The most changes one request or batch tells; a consumer's batch has at most 100. */
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
 * For routes whose answer sends a browser to a page that will listen: its first events are kept for
 * the page rather than told to nobody.
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

/** Sockets end with their sessions and keys; this file finds and closes them. */
import type { MiddlewareHandler } from "hono";
import { sql } from "../db/sql";
import type { AppEnv } from "../http/app-env";
import { isUnsafe } from "../auth/same-origin";
import { log } from "../log";
import { type Holder, holderTag } from "./holder";
import { hubOf } from "./hub";

const LIVING = sql(`
SELECT 'session:' || s.id AS tag FROM json_each(:sessions) m JOIN sessions s ON s.id = m.value
JOIN users u ON u.id = s.user_id WHERE s.expires_at > :now AND coalesce(u.banned, 0) = 0
UNION ALL
SELECT 'key:' || k.id FROM json_each(:keys) m JOIN api_keys k ON k.id = m.value
WHERE k.revoked_at IS NULL AND coalesce(k.expires_at > :now, 1)
UNION ALL
SELECT 'access:' || u.id FROM json_each(:people) m JOIN users u ON u.id = m.value
WHERE coalesce(u.banned, 0) = 0`);

/**
 * Returns the holders whose session, key or account has ended in the database. A link ends by its
 * time alone.
 */
export async function endedOf(
  db: D1Database,
  all: readonly Holder[],
  now: number,
): Promise<Holder[]> {
  const holders = all.filter(({ kind }) => kind !== "link");
  if (holders.length === 0) {
    return [];
  }
  const ids = (kind: Holder["kind"]) =>
    JSON.stringify(holders.filter((holder) => holder.kind === kind).map(({ id }) => id));
  const { results } = await LIVING.on(db, {
    sessions: ids("session"),
    keys: ids("key"),
    people: ids("access"),
    now,
  }).all<{ tag: string }>();
  const living = new Set(results.map(({ tag }) => tag));
  return holders.filter((holder) => !living.has(holderTag(holder)));
}

/** Closes the sockets of holders whose session, key or account has ended. */
export async function closeEnded(env: Env, now: number): Promise<void> {
  const hub = hubOf(env);
  const ended = await endedOf(env.DB, await hub.holders(), now);
  if (ended.length > 0) {
    await hub.end(ended);
    log.info("live.ended", { sockets: ended.length });
  }
}

/**
 * MAY_END matches the routes that may end a session or a key: sign-out, revocation, bans, removal.
 */
const MAY_END = /^\/(api\/auth|api\/keys|sign-out|admin)(\/|$)/;
const SIGN_IN = /\/sign-in(\/|$)/;

/** Closes sockets after every request that may have ended a session or a key, whoever's it was. */
export function closesEnded(): MiddlewareHandler<AppEnv> {
  return async function closesEnded(c, next) {
    await next();
    const { path, method } = c.req;
    if (isUnsafe(method) && MAY_END.test(path) && !SIGN_IN.test(path) && c.res.status < 400) {
      const closing = closeEnded(c.env, Date.now()).catch((error: unknown) => {
        log.warn("live.close_failed", { message: String(error) }); // the cron looks again
      });
      c.executionCtx.waitUntil(closing);
    }
  };
}

/**
 * Cloudflare Access stands before the site, asks the identity provider, and sends a signed token
 * with every request. The token says who it is; ACCESS_ROLES says what they may do.
 */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { type AccessConfig, configOf } from "../../config";
import { retryD1 } from "../../db/retry";
import { sql } from "../../db/sql";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { log } from "../../log";
import { type Identity, verifyAccessToken } from "./access-token";
import type { Person, Role } from "../../caller";
import { ensureFirstAdmin } from "../people/first-admin";
import type { AccountColumns, UserColumns } from "../schema";
import { assertSameOrigin } from "../same-origin";

/** ACCESS_PROVIDER is the provider, in `accounts`, of people who came through Access. */
export const ACCESS_PROVIDER = "access";

const SEEN_MS = 3_600_000;

/**
 * Returns the person Access vouches for, or null. A bad token in its header is 401, an identity
 * that has no role or is banned is 403, and keys that cannot be fetched are 503. A token in its
 * cookie may be stale, since the cookie outlives it on paths that Access does not guard. A page of
 * another site may act by the cookie only if `isTrusted`.
 */
export async function accessCaller(c: Context<AppEnv>, isTrusted = false): Promise<Person | null> {
  const { access } = configOf(c.env);
  if (access === null) {
    return null;
  }
  const assertion = c.req.header("cf-access-jwt-assertion");
  const token = assertion ?? getCookie(c, "CF_Authorization");
  if (token === undefined) {
    return null;
  }
  const identity = await verifyAccessToken(access, token);
  if (identity === null) {
    if (assertion === undefined) {
      return null;
    }
    const detail = "The token of Cloudflare Access is not valid here, or not any more.";
    throw new AppError(401, "invalid_access_token", detail);
  }
  if (!isTrusted) {
    assertSameOrigin(c.req.raw);
  }
  const { email } = identity;
  const role = email === undefined ? undefined : roleOf(access, email);
  if (email === undefined || role === undefined) {
    const detail = "Cloudflare Access knows you, but ACCESS_ROLES gives you no role here.";
    throw new AppError(403, "no_role", detail);
  }
  const known = await findUser(c.env.DB, email);
  const now = Date.now();
  if (known?.banned === 1 && (known.banExpires ?? Number.POSITIVE_INFINITY) > now) {
    throw new AppError(403, "banned", "An administrator has banned this account.");
  }
  const isCurrent = known?.role === role && (known.seenAt ?? 0) > now - SEEN_MS;
  const user = isCurrent ? known : await enrol(c, { ...identity, email }, role, now);
  return { kind: "user", id: user.id, email, role, accessUntil: identity.exp * 1000 };
}

/** Returns the role given to the address itself, else the one given to its domain. */
function roleOf({ roles }: AccessConfig, email: string): Role | undefined {
  return roles.get(email) ?? roles.get(`*${email.slice(email.lastIndexOf("@"))}`);
}

interface StoredUser extends Pick<UserColumns, "id" | "role" | "banned"> {
  banExpires: UserColumns["ban_expires"];
  /** `seenAt` is when they last came through Access, to the hour. */
  seenAt: AccountColumns["updated_at"] | null;
}

const USER = sql(`
SELECT u.id, u.role, u.banned, u.ban_expires AS banExpires, a.updated_at AS seenAt
FROM users u LEFT JOIN accounts a ON a.user_id = u.id AND a.provider_id = :provider
WHERE u.email = :email`);

function findUser(db: D1Database, email: string): Promise<StoredUser | null> {
  return USER.on(db, { email, provider: ACCESS_PROVIDER }).first<StoredUser>();
}

const KEEP_USER = sql(`
INSERT INTO users (id, name, email, email_verified, role, banned, created_at, updated_at)
VALUES (:id, :name, :email, 1, :role, 0, :now, :now)
ON CONFLICT (email) DO UPDATE SET role = excluded.role, updated_at = excluded.updated_at
WHERE role IS NOT excluded.role`);
const KEEP_ACCOUNT = sql(`
INSERT INTO accounts (id, account_id, provider_id, user_id, created_at, updated_at)
SELECT :id, :account, :provider, id, :now, :now FROM users WHERE email = :email AND NOT EXISTS (
  SELECT 1 FROM accounts a WHERE a.user_id = users.id AND a.provider_id = :provider)`);
const NOTE_SEEN = sql(`
UPDATE accounts SET account_id = :account, updated_at = :now
WHERE provider_id = :provider AND user_id = (SELECT id FROM users WHERE email = :email)`);

/**
 * Creates or updates the stored person of an identity, so that rows can name them as `user:ID` for
 * good. A person with a password under the same address is the same person. Every statement may be
 * repeated.
 */
async function enrol(
  c: Context<AppEnv>,
  { email, sub }: Identity & { email: string },
  role: Role,
  now: number,
): Promise<StoredUser> {
  const { createAuth } = await import("../auth");
  // The first administrator is made only in an empty table, so it must come before this person, or
  // nobody could ever sign in with its password.
  await ensureFirstAdmin(c.env, createAuth(c.env, c.req.url));
  const db = c.env.DB;
  const [name = email] = email.split("@");
  const identity = { account: sub ?? email, provider: ACCESS_PROVIDER, email, now };
  await retryD1(db, () =>
    db.batch([
      KEEP_USER.on(db, { id: crypto.randomUUID(), name, email, role, now }),
      KEEP_ACCOUNT.on(db, { id: crypto.randomUUID(), ...identity }),
      NOTE_SEEN.on(db, identity),
    ]),
  );
  const user = await findUser(db, email);
  if (user === null) {
    throw new AppError(503, "database_unavailable", "The account was removed just now: try again.");
  }
  log.info("auth.access_enrolled", { userId: user.id, role });
  return user;
}

import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { betterAuth } from "better-auth/minimal";
import { createAccessControl } from "better-auth/plugins/access";
import { admin } from "better-auth/plugins/admin";
import { defaultStatements } from "better-auth/plugins/admin/access";
import { database } from "../db/client";
import { log } from "../log";
import type { Role } from "../caller";
import { accounts, sessions, users, verifications } from "./schema";
import { AUTH_PATH, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, requireSecrets } from "./settings";

const DAY_SECONDS = 86_400;

const access = createAccessControl(defaultStatements);
const nothing = { user: [], session: [] } as const;

/** `roles` says what each role may do to other people; nobody may impersonate. */
const roles = {
  viewer: access.newRole(nothing),
  operator: access.newRole(nothing),
  admin: access.newRole({
    user: ["create", "list", "get", "set-role", "ban", "delete", "set-password"],
    session: ["list", "revoke", "delete"],
  }),
} satisfies Record<Role, unknown>;

/** `better-auth/minimal` with the drizzle adapter leaves kysely out of the bundle. */
function build(env: Env, secure: boolean, prolongs: boolean) {
  return betterAuth({
    appName: "pedidos",
    basePath: AUTH_PATH,
    // No base URL: the Worker does not know its host, so better-auth takes the origin from
    // `request.url`, which the platform fills from the route it matched. Forwarded-host headers,
    // which a client could invent, are not trusted; only the request's own origin is.
    secret: env.BETTER_AUTH_SECRET,
    telemetry: { enabled: false },
    // D1 has no interactive transactions, and the adapter asks for none unless told to.
    database: drizzleAdapter(database(env), {
      provider: "sqlite",
      schema: { user: users, session: sessions, account: accounts, verification: verifications },
    }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      // Passwords are hashed by better-auth's default, scrypt (N 16384, r 16), which workerd runs
      // natively through node:crypto. PBKDF2 would be capped at 100,000 iterations in production.
    },
    plugins: [admin({ defaultRole: "viewer", adminRoles: ["admin"], roles })],
    session: {
      expiresIn: 7 * DAY_SECONDS,
      // The row is prolonged at most once a day, so reading a session writes nothing.
      updateAge: DAY_SECONDS,
      disableSessionRefresh: !prolongs,
      // Pages are served from a signed copy of the session for a minute: a revoked session may
      // still read for that long. Writes and administration always ask the database.
      cookieCache: { enabled: true, maxAge: 60 },
    },
    // ./sessions/attempts limits sign-ins instead: one D1 statement, failures only, shared by every
    // isolate.
    rateLimit: { enabled: false },
    advanced: {
      useSecureCookies: secure,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax" },
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
      // ./same-origin replaces this check, with the same rule as on every other route.
      disableCSRFCheck: true,
      disableOriginCheck: false,
    },
    // Refusals are answers, which ./gate renders; a failure of better-auth's own is thrown to the
    // site's error handler, with its cause.
    onAPIError: { throw: true },
    logger: {
      level: "error",
      log: (_level, message, ...rest) => {
        const cause = rest[0] instanceof Error ? rest[0].message : undefined;
        log.error("auth.library", { message, cause });
      },
    },
  });
}

export type Auth = ReturnType<typeof build>;

const built = new WeakMap<Env, Map<string, Auth>>();

/**
 * Returns the better-auth instance for a request's scheme, made once per isolate because cookie
 * names and the Secure flag are fixed when it is built. `prolongs: false` keeps it from prolonging
 * the session it reads. Throws 503 `invalid_configuration` for a weak secret.
 */
export function createAuth(env: Env, requestUrl: string, prolongs = true): Auth {
  requireSecrets(env, "BETTER_AUTH_SECRET");
  const secure = new URL(requestUrl).protocol === "https:";
  const instances = built.get(env) ?? new Map<string, Auth>();
  built.set(env, instances);
  const name = `${secure} ${prolongs}`;
  const auth = instances.get(name) ?? build(env, secure, prolongs);
  instances.set(name, auth);
  return auth;
}

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Scope } from "../caller";
import type { RowOf } from "../db/row";

const time = <const Name extends string>(name: Name) => integer(name, { mode: "timestamp_ms" });

/** The table of people. Its property names are those that better-auth asks its adapter for. */
export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text("image"),
  role: text("role"),
  banned: integer("banned", { mode: "boolean" }).default(false),
  banReason: text("ban_reason"),
  banExpires: time("ban_expires"),
  createdAt: time("created_at").notNull(),
  updatedAt: time("updated_at").notNull(),
});

export type UserColumns = RowOf<typeof users>;

export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    expiresAt: time("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    impersonatedBy: text("impersonated_by"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [index("sessions_user").on(table.userId)],
);

/**
 * The table of the ways a person signs in; `password` is better-auth's `salt:scrypt` for the
 * provider "credential".
 */
export const accounts = sqliteTable(
  "accounts",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: time("access_token_expires_at"),
    refreshTokenExpiresAt: time("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [index("accounts_user").on(table.userId)],
);

export const verifications = sqliteTable(
  "verifications",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: time("expires_at").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [index("verifications_identifier").on(table.identifier)],
);

export type AccountColumns = RowOf<typeof accounts>;
export type SessionColumns = RowOf<typeof sessions>;

/**
 * The table of failed sign-ins per address in the current window. WITHOUT ROWID in the migration.
 */
export const signInAttempts = sqliteTable("sign_in_attempts", {
  address: text("address").primaryKey(),
  windowStart: integer("window_start").notNull(),
  attempts: integer("attempts").notNull(),
});

/** The table of machines' keys, which never holds a secret. WITHOUT ROWID in the migration. */
export const apiKeys = sqliteTable("api_keys", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** `secretHash` is the SHA-256 of the secret, in hexadecimal. */
  secretHash: text("secret_hash").notNull(),
  scopes: text("scopes", { mode: "json" }).$type<Scope[]>().notNull(),
  /**
   * `createdBy` is an administrator's id without a foreign key, so that a key outlives its maker's
   * account.
   */
  createdBy: text("created_by").notNull(),
  createdAt: time("created_at").notNull(),
  expiresAt: time("expires_at"),
  revokedAt: time("revoked_at"),
  lastUsedAt: time("last_used_at"),
});

export type KeyColumns = RowOf<typeof apiKeys>;

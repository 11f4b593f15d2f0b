import { desc, eq, sql } from "drizzle-orm";
import { retryD1 } from "../../db/retry";
import type { Database } from "../../db/client";
import type { Scope } from "../../caller";
import { forgetKey } from "./key-check";
import { sha256Hex } from "../../lib/hex";
import { formatKey, ID_BYTES, randomHex, SECRET_BYTES } from "./key-format";
import { apiKeys } from "../schema";

const DAY_MS = 86_400_000;
const LIST_LIMIT = 500;

export interface NewKey {
  name: string;
  scopes: readonly Scope[];
  /** `expiresInDays` counts from `now`; without it the key does not expire. */
  expiresInDays?: number;
  createdBy: string;
}

/** SHOWN selects everything but the hash. */
const SHOWN = {
  id: apiKeys.id,
  name: apiKeys.name,
  scopes: apiKeys.scopes,
  createdBy: apiKeys.createdBy,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
};

export type StoredKey = Omit<typeof apiKeys.$inferSelect, "secretHash">;

/** Makes and stores a key. Only this answer holds the whole `key`. */
export async function createKey(
  db: Database,
  input: NewKey,
  now: Date,
): Promise<Pick<StoredKey, "id" | "name" | "scopes" | "expiresAt"> & { key: string }> {
  const id = randomHex(ID_BYTES);
  const secret = randomHex(SECRET_BYTES);
  const expiresAt =
    input.expiresInDays === undefined
      ? null
      : new Date(now.getTime() + input.expiresInDays * DAY_MS);
  const row = {
    id,
    name: input.name,
    scopes: [...new Set(input.scopes)],
    createdBy: input.createdBy,
    createdAt: now,
    expiresAt,
  };
  const secretHash = await sha256Hex(secret);
  await retryD1(db.$client, () =>
    db
      .insert(apiKeys)
      .values({ ...row, secretHash })
      .onConflictDoNothing(),
  );
  return { ...row, key: formatKey(id, secret) };
}

/** Returns the newest keys without their hashes, revoked and expired ones included. */
export async function listKeys(db: Database): Promise<StoredKey[]> {
  return db.select(SHOWN).from(apiKeys).orderBy(desc(apiKeys.createdAt)).limit(LIST_LIMIT);
}

/** Returns a key's row without its hash, or null. */
export async function findKey(db: Database, id: string): Promise<StoredKey | null> {
  const [key] = await db.select(SHOWN).from(apiKeys).where(eq(apiKeys.id, id));
  return key ?? null;
}

/** Returns when a key that works now expires, in Unix milliseconds; null for any other key. */
export async function keyExpiry(db: Database, id: string, now: number): Promise<number | null> {
  const [key] = await db
    .select({ expiresAt: apiKeys.expiresAt, revokedAt: apiKeys.revokedAt })
    .from(apiKeys)
    .where(eq(apiKeys.id, id));
  const until = key?.expiresAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return key && key.revokedAt === null && until > now ? until : null;
}

/** Revokes a key; revoking it twice keeps the first time. */
export async function revokeKey(db: Database, id: string, now: Date): Promise<void> {
  await db
    .update(apiKeys)
    .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, ${now.getTime()})` })
    .where(eq(apiKeys.id, id));
  forgetKey(id);
}

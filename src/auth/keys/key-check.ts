import { eq } from "drizzle-orm";
import { database } from "../../db/client";
import { sql } from "../../db/sql";
import { log } from "../../log";
import { type Caller, type Scope, SCOPES } from "../../caller";
import { sha256Hex } from "../../lib/hex";
import { isRecent } from "../../lib/recent";
import { remember } from "../../lib/remember";
import { parseKey } from "./key-format";
import { apiKeys } from "../schema";

const CACHE_MS = 10_000;
const LAST_USED_MS = 60_000;

interface Verified {
  id: string;
  name: string;
  scopes: readonly Scope[];
  expiresAt: number;
  lastUsedAt: number;
  readAt: number;
}

/**
 * Keys that this isolate verified, by SHA-256 of the secret, because busy ingest would otherwise
 * read D1 for each request. The price is that a key revoked elsewhere works here for up to ten
 * seconds more.
 */
const verified = new Map<string, Verified>();

/**
 * Keys that this isolate refused, by id and SHA-256 of the secret, with the time, so that a machine
 * that keeps sending one costs no more D1 reads than one with a valid key.
 */
const refused = new Map<string, number>();

/**
 * Returns the caller behind a key, or null when it is malformed, unknown, wrong, expired or
 * revoked. `background` gets the occasional write of `last_used_at`, which never fails or delays a
 * request.
 */
export async function verifyKey(
  env: Env,
  presented: string,
  now: number,
  background: (work: Promise<void>) => void,
): Promise<Extract<Caller, { kind: "key" }> | null> {
  const parts = parseKey(presented);
  if (parts === null) {
    return null;
  }
  const hash = await sha256Hex(parts.secret);
  const name = `${parts.id} ${hash}`;
  if (isRecent(refused.get(name) ?? Number.NEGATIVE_INFINITY, CACHE_MS, now)) {
    return null;
  }
  const key = cached(hash, parts.id, now) ?? (await readKey(env, parts.id, hash, now));
  if (key === null || key.expiresAt <= now) {
    remember(refused, name, now);
    return null;
  }
  if (key.lastUsedAt <= now - LAST_USED_MS) {
    key.lastUsedAt = now;
    background(touchKey(env, key.id, now));
  }
  return { kind: "key", id: key.id, name: key.name, scopes: key.scopes };
}

/** Makes this isolate stop accepting a revoked key at once. */
export function forgetKey(id: string): void {
  for (const [hash, key] of verified) {
    if (key.id === id) {
      verified.delete(hash);
    }
  }
}

function cached(hash: string, id: string, now: number): Verified | null {
  const key = verified.get(hash);
  return key !== undefined && key.id === id && isRecent(key.readAt, CACHE_MS, now) ? key : null;
}

async function readKey(env: Env, id: string, hash: string, now: number): Promise<Verified | null> {
  const [row] = await database(env).select().from(apiKeys).where(eq(apiKeys.id, id));
  if (row === undefined || row.revokedAt !== null || !equal(row.secretHash, hash)) {
    return null;
  }
  const key: Verified = {
    id,
    name: row.name,
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    expiresAt: row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    lastUsedAt: row.lastUsedAt?.getTime() ?? 0,
    readAt: now,
  };
  remember(verified, hash, key);
  return key;
}

function equal(stored: string, computed: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(stored), encoder.encode(computed)];
  return a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}

const TOUCH = sql(`
UPDATE api_keys SET last_used_at = :now
WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :before)`);

/**
 * Notes the key's use. The statement's condition makes it at most one row written a minute, however
 * many isolates serve the key.
 */
async function touchKey(env: Env, id: string, now: number): Promise<void> {
  try {
    await TOUCH.on(env.DB, { id, now, before: now - LAST_USED_MS }).run();
  } catch (error) {
    log.warn("auth.key_use_not_noted", { keyId: id, message: String(error) });
  }
}

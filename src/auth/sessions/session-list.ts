import { retryD1 } from "../../db/retry";
import { sql } from "../../db/sql";
import type { SessionColumns } from "../schema";

/** A SessionRow is an open session; its token stays in the database. */
export interface SessionRow extends Pick<SessionColumns, "id"> {
  /** `createdAt` is in Unix milliseconds. */
  createdAt: SessionColumns["created_at"];
  /** `updatedAt` is when the session was last prolonged, which happens once a day at most. */
  updatedAt: SessionColumns["updated_at"];
  expiresAt: SessionColumns["expires_at"];
  ipAddress: SessionColumns["ip_address"];
  userAgent: SessionColumns["user_agent"];
}

const MAX_SESSIONS = 100;

const OPEN = sql(`
SELECT id, created_at AS createdAt, updated_at AS updatedAt, expires_at AS expiresAt,
  ip_address AS ipAddress, user_agent AS userAgent
FROM sessions WHERE user_id = :user AND expires_at > :now
ORDER BY created_at DESC LIMIT ${MAX_SESSIONS}`);
const TOKEN = sql("SELECT token FROM sessions WHERE id = :id AND user_id = :user");
const END_OTHERS = sql("DELETE FROM sessions WHERE user_id = :user AND id IS NOT :kept");

/** Returns the newest hundred open sessions of a person. */
export async function listSessions(
  db: D1Database,
  userId: string,
  now: number,
): Promise<SessionRow[]> {
  return (await OPEN.on(db, { user: userId, now }).all<SessionRow>()).results;
}

/**
 * Returns the token by which better-auth names a session; null when the person has no such session.
 */
export function tokenOf(db: D1Database, userId: string, sessionId: string): Promise<string | null> {
  return TOKEN.on(db, { id: sessionId, user: userId }).first<string>("token");
}

/** Ends every session of a person but one. */
export async function endOtherSessions(
  db: D1Database,
  userId: string,
  kept: string | null,
): Promise<void> {
  await retryD1(db, () => END_OTHERS.on(db, { user: userId, kept }).run());
}

import { retryD1 } from "../../db/retry";

/** An open session; its token stays in the database. */
export interface SessionRow {
  id: string;
  /** Unix milliseconds. */
  createdAt: number;
  /** When it was last prolonged: once a day at most. */
  updatedAt: number;
  expiresAt: number;
  ipAddress: string | null;
  userAgent: string | null;
}

const MAX_SESSIONS = 100;

/** The newest hundred open sessions of a person. */
export async function listSessions(
  db: D1Database,
  userId: string,
  now: number,
): Promise<SessionRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, created_at AS createdAt, updated_at AS updatedAt, expires_at AS expiresAt,
       ip_address AS ipAddress, user_agent AS userAgent
     FROM sessions WHERE user_id = ?1 AND expires_at > ?2
     ORDER BY created_at DESC LIMIT ${MAX_SESSIONS}`,
    )
    .bind(userId, now)
    .all<SessionRow>();
  return results;
}

/** What better-auth calls a session by; null when the person has no such session (any more). */
export function tokenOf(db: D1Database, userId: string, sessionId: string): Promise<string | null> {
  return db
    .prepare("SELECT token FROM sessions WHERE id = ? AND user_id = ?")
    .bind(sessionId, userId)
    .first<string>("token");
}

/** Ends every session of a person but one. */
export async function endOtherSessions(
  db: D1Database,
  userId: string,
  kept: string | null,
): Promise<void> {
  await retryD1(db, () =>
    db.prepare("DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2").bind(userId, kept).run(),
  );
}

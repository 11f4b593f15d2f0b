import { sql } from "../../db/sql";
import { deleteInSlices, SLICE } from "../../db/delete-slices";

const EXPIRED = sql(`
DELETE FROM idempotency_keys WHERE key IN (
  SELECT key FROM idempotency_keys WHERE expires_at <= :now LIMIT ${SLICE})`);

/**
 * Deletes idempotency keys that have expired; returns true when more may be left. Where none has,
 * it reads one entry of an index and writes nothing.
 */
export function deleteExpiredKeys(db: D1Database, now: number): Promise<boolean> {
  return deleteInSlices(db, EXPIRED.on(db, { now }));
}

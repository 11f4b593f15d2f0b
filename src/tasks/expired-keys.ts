const KEYS_PER_SLICE = 1000;
const SLICES = 50;

/**
 * Deletes idempotency keys that have expired, slice by slice; true when more may be left than one
 * call deletes. Where none has it reads an entry of an index and writes nothing.
 */
export async function deleteExpiredKeys(db: D1Database, now: number): Promise<boolean> {
  for (let slice = 0; slice < SLICES; slice += 1) {
    const { meta } = await db
      .prepare(
        `DELETE FROM idempotency_keys WHERE key IN (
           SELECT key FROM idempotency_keys WHERE expires_at <= ?1 LIMIT ${KEYS_PER_SLICE})`,
      )
      .bind(now)
      .run();
    if (meta.changes < KEYS_PER_SLICE) {
      return false;
    }
  }
  return true;
}

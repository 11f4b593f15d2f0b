/** How full the database is, by what D1 says with every answer (`meta.size_after`). */
export interface Storage {
  bytes: number;
  /** As DATABASE_MAX_GB says. */
  limit: number;
}

/**
 * From here on no new work is taken in. The rest is for what was accepted, whose orders are stored
 * when their tasks end, and for people, who sign in, delete and leave a trace.
 */
const CLOSED_SHARE = 0.98;

export function usedShare({ bytes, limit }: Storage): number {
  return bytes / limit;
}

export function takesWork(storage: Storage): boolean {
  return usedShare(storage) < CLOSED_SHARE;
}

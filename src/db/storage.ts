/** Storage says how full the database is, which D1 tells with every answer (`meta.size_after`). */
export interface Storage {
  bytes: number;
  /** The variable DATABASE_MAX_GB, in bytes. */
  limit: number;
}

/**
 * New work is refused from this share on. The rest is for accepted tasks, whose orders are stored
 * when they end, and for people, who sign in, delete and leave audit entries.
 */
const CLOSED_SHARE = 0.98;

export function usedShare({ bytes, limit }: Storage): number {
  return bytes / limit;
}

export function takesWork(storage: Storage): boolean {
  return usedShare(storage) < CLOSED_SHARE;
}

/**
 * A lease is one row: a consumer's token, until when it holds, and the list of tasks it holds. The
 * list is the whole truth about who runs what:
 * - a task is claimed by being listed in a new lease, if no other lease lists it;
 * - whatever a holder writes is fenced by the list (`HELD`), never by the clock, so a holder that
 *   was slow, cancelled or given up on writes nothing;
 * - settling deletes the row, cancelling takes ids out of the list, recovery deletes it once lapsed.
 */
import { sql } from "../../db/sql";
import type { LeaseColumns } from "./schema";
import { retryD1 } from "../../db/retry";
import { type Clock, systemClock } from "../../lib/clock";

/** Ids of the tasks the lease with `:token` holds. */
export const HELD = "SELECT h.value FROM leases l, json_each(l.task_ids) h WHERE l.token = :token";
export const READ_HELD = sql(HELD);

/** Ids of the tasks any lease holds. */
export const LEASED = "SELECT h.value FROM leases l, json_each(l.task_ids) h";

/** A consumer at work: until when it is believed to be, and what it holds. */
export interface Lease extends Pick<LeaseColumns, "worker" | "queue" | "since"> {
  expiresAt: LeaseColumns["expires_at"];
  taskIds: string[];
}

/** The oldest first; to be read by readLeases. */
export const LEASES = sql(`
SELECT worker, queue, since, expires_at AS expiresAt, task_ids AS taskIds FROM leases ORDER BY since`);

/** What LEASES found. The places of what was cancelled are left out. */
export function readLeases(found: D1Result | undefined): Lease[] {
  const rows = (found?.results ?? []) as (Omit<Lease, "taskIds"> & { taskIds: string })[];
  return rows.map(({ taskIds, ...lease }) => ({
    ...lease,
    taskIds: (JSON.parse(taskIds) as string[]).filter((id) => id !== ""),
  }));
}

/** By task, the lease that holds it. */
export function heldBy(leases: readonly Lease[]): Map<string, Lease> {
  return new Map(leases.flatMap((lease) => lease.taskIds.map((id) => [id, lease] as const)));
}

const DELETE = sql("DELETE FROM leases WHERE token = :token");

export function deleteLease(db: D1Database, token: string): D1PreparedStatement {
  return DELETE.on(db, { token });
}

const EXTEND = sql("UPDATE leases SET expires_at = :until WHERE token = :token");

async function extendLease(
  db: D1Database,
  token: string,
  leaseMs: number,
  clock: Clock,
): Promise<void> {
  await retryD1(db, () => EXTEND.on(db, { token, until: clock() + leaseMs }).run());
}

/** How often a run looks whether its tasks are still its own: each look is a read of D1. */
const WATCH_MS = 5000;

/**
 * Tells `onHeld`, every five seconds until stopped, which tasks the lease still holds. A look that
 * fails tells nothing and keeps none after it; one that hangs is waited for.
 */
export function watchHeld(
  db: D1Database,
  token: string,
  onHeld: (held: ReadonlySet<string>) => void,
): () => void {
  let isLooking = false;
  const look = async () => {
    if (isLooking) {
      return;
    }
    isLooking = true;
    try {
      const { results } = await READ_HELD.on(db, { token }).all<{ value: string }>();
      onHeld(new Set(results.map(({ value }) => value)));
    } catch {
      // It tells nothing.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), WATCH_MS);
  return () => clearInterval(timer);
}

/** How often whoever holds a lease extends it. */
export function beatMs(leaseMs: number): number {
  return leaseMs / 3;
}

/**
 * Extends the lease every third of its length until stopped. A missed beat is no error: the next
 * one, or the lapse, decides.
 */
export function startHeartbeat(
  db: D1Database,
  token: string,
  leaseMs: number,
  clock = systemClock,
): () => void {
  const timer = setInterval(() => {
    extendLease(db, token, leaseMs, clock).catch(() => undefined);
  }, beatMs(leaseMs));
  return () => clearInterval(timer);
}

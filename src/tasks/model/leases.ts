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

/** This SQL gives the ids of the tasks that the lease with `:token` holds. */
export const HELD = "SELECT h.value FROM leases l, json_each(l.task_ids) h WHERE l.token = :token";
export const READ_HELD = sql(HELD);

/** This SQL gives the ids of the tasks that any lease holds. */
export const LEASED = "SELECT h.value FROM leases l, json_each(l.task_ids) h";

/** Lease is a consumer at work: what it holds, and until when it is believed to be alive. */
export interface Lease extends Pick<LeaseColumns, "worker" | "queue" | "since"> {
  expiresAt: LeaseColumns["expires_at"];
  taskIds: string[];
}

/** The statement reads all leases, the oldest first, for readLeases. */
export const LEASES = sql(`
SELECT worker, queue, since, expires_at AS expiresAt, task_ids AS taskIds FROM leases ORDER BY since`);

/** Reads what LEASES found. A cancelled task leaves an empty id in the list, which is left out. */
export function readLeases(found: D1Result | undefined): Lease[] {
  const rows = (found?.results ?? []) as (Omit<Lease, "taskIds"> & { taskIds: string })[];
  return rows.map(({ taskIds, ...lease }) => ({
    ...lease,
    taskIds: (JSON.parse(taskIds) as string[]).filter((id) => id !== ""),
  }));
}

/** Maps each task's id to the lease that holds it. */
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

/** A run looks only this often whether its tasks are still its own, as a look is a read of D1. */
const WATCH_MS = 5000;

/**
 * Tells `onHeld` every five seconds, until stopped, which tasks the lease still holds. A look that
 * fails tells nothing and does not stop the next; one that hangs is waited for.
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
      // A failed look proves nothing about the lease, so nothing is told.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), WATCH_MS);
  return () => clearInterval(timer);
}

/** Returns how often a holder extends its lease, in milliseconds. */
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

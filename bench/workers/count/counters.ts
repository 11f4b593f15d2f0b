/**
 * What the platform would bill for, counted where it happens. One isolate, so one set of counters.
 */
export const counts = {
  requests: 0,
  d1Calls: 0,
  d1Statements: 0,
  d1RowsRead: 0,
  d1RowsWritten: 0,
  /** Milliseconds D1 says its SQL took. */
  d1SqlMs: 0,
  objectCalls: 0,
  objectRowsRead: 0,
  objectRowsWritten: 0,
  /** Milliseconds callers waited for objects: no less than these were in use. */
  objectMs: 0,
  queueWrites: 0,
  queueReads: 0,
  queueDeletes: 0,
  queueCalls: 0,
  batches: 0,
  /** R2 bills writing and listing as class A, reading as class B; deleting is free. */
  r2Writes: 0,
  r2Reads: 0,
  catalogueCalls: 0,
  logLines: 0,
};

type Count = keyof typeof counts;

export function reset(): void {
  for (const name of Object.keys(counts) as Count[]) {
    counts[name] = 0;
  }
}

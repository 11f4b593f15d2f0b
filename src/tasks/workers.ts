import { type Lease, LEASES, readLeases } from "./leases";

/** A consumer at work: its lease, and the first of what it runs. */
export interface Worker {
  worker: string;
  queue: string;
  since: number;
  expiresAt: number;
  batchSize: number;
  tasks: { id: string; name: string }[];
}

const SHOWN = 20;

/** Those that hold a lease and are not silent for too long, the longest at it first. */
export async function listWorkers(db: D1Database, now = Date.now()): Promise<Worker[]> {
  const leases = readLeases(await db.prepare(LEASES).all());
  return workersOf(
    db,
    leases.filter(({ expiresAt }) => expiresAt > now),
    SHOWN,
  );
}

/** Who holds these leases, each with so many of its tasks. */
export async function workersOf(
  db: D1Database,
  leases: readonly Lease[],
  shown: number,
): Promise<Worker[]> {
  if (leases.length === 0) {
    return [];
  }
  const ids = leases.flatMap(({ taskIds }) => taskIds.slice(0, shown));
  const { results } = await db
    .prepare("SELECT t.id, t.name FROM json_each(?1) m JOIN tasks t ON t.id = m.value")
    .bind(JSON.stringify(ids))
    .all<{ id: string; name: string }>();
  const names = new Map(results.map(({ id, name }) => [id, name]));
  return leases.map(({ taskIds, ...lease }) => ({
    ...lease,
    batchSize: taskIds.length,
    tasks: taskIds.slice(0, shown).map((id) => ({ id, name: names.get(id) ?? "" })),
  }));
}

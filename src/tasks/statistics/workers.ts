import { storedForms } from "../../caller";
import { Conditions } from "../../db/conditions";
import { sql, statement } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { nameMatcher } from "../../lib/fold";
import { batchIdOf } from "../../lib/ids";
import { type Lease, LEASES, readLeases } from "../model/leases";
import type { TaskFilter } from "../reading/task-filter";

/** Worker is a consumer at work: its lease, and the first of the tasks it runs. */
export interface Worker {
  worker: string;
  queue: string;
  since: number;
  expiresAt: number;
  batchSize: number;
  tasks: { id: string; name: string }[];
}

const SHOWN = 20;

/** WorkFilter says which tasks' consumers are asked for; empty, it asks for all. */
export type WorkFilter = Pick<TaskFilter, "user" | "module" | "lote">;

/** Lists the consumers that hold a lease which has not lapsed, those longest at work first. */
export async function listWorkers(
  db: D1Database,
  filter: WorkFilter = {},
  now = Date.now(),
): Promise<Worker[]> {
  const leases = readLeases(await LEASES.on(db).all());
  const atWork = leases.filter(({ expiresAt }) => expiresAt > now);
  return workersOf(db, await leasesWithin(db, atWork, filter), SHOWN);
}

/**
 * Returns the leases as if they held only tasks of the filter, without those that then hold none.
 */
export async function leasesWithin(
  db: D1Database,
  leases: readonly Lease[],
  { user, module, lote }: WorkFilter,
): Promise<readonly Lease[]> {
  const match = new Conditions();
  if (user !== undefined) {
    match.addAny("t.user", storedForms(user));
  }
  if (match.isEmpty && module === undefined && lote === undefined) {
    return leases;
  }
  const held = leases.flatMap(({ taskIds }) => taskIds);
  const ids = held.filter((id) => lote === undefined || batchIdOf(id) === lote);
  const { results } = await statement(
    db,
    `SELECT t.id, t.module FROM json_each(:ids) m JOIN tasks t ON t.id = m.value WHERE ${match.sql}`,
    match.values,
    { ids: JSON.stringify(ids) },
  ).all<Pick<TaskColumns, "id" | "module">>();
  const isAsked = nameMatcher(module);
  const wanted = new Set(results.filter((task) => isAsked(task.module)).map(({ id }) => id));
  return leases
    .map((lease) => ({ ...lease, taskIds: lease.taskIds.filter((id) => wanted.has(id)) }))
    .filter(({ taskIds }) => taskIds.length > 0);
}

const NAMES = sql("SELECT t.id, t.name FROM json_each(:ids) m JOIN tasks t ON t.id = m.value");

/** Returns the holders of these leases, each with the first `shown` of its tasks. */
export async function workersOf(
  db: D1Database,
  leases: readonly Lease[],
  shown: number,
): Promise<Worker[]> {
  if (leases.length === 0) {
    return [];
  }
  const ids = leases.flatMap(({ taskIds }) => taskIds.slice(0, shown));
  const read = NAMES.on(db, { ids: JSON.stringify(ids) });
  const { results } = await read.all<Pick<TaskColumns, "id" | "name">>();
  const names = new Map(results.map(({ id, name }) => [id, name]));
  return leases.map(({ taskIds, ...lease }) => ({
    ...lease,
    batchSize: taskIds.length,
    tasks: taskIds.slice(0, shown).map((id) => ({ id, name: names.get(id) ?? "" })),
  }));
}

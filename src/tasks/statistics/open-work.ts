/**
 * Open work is what has not ended, from one bounded look: the leases, and the tasks of each queue
 * that recovery would look at first. Backlogs, states and troubles are all told from it. Code, not
 * SQL, decides whether a lease holds a task, since SQL would read one more row for each.
 */
import type { Engine } from "../model/engine";
import { heldBy, type Lease, LEASES, readLeases } from "../model/leases";
import { queueNames } from "../model/queues";
import { MAX_SCANNED } from "../../http/paging";
import { sql } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { OPEN, runsElsewhere, TRACKED } from "../model/states";

/** At most this many tasks of a queue are looked at, besides those that a lease holds. */
export const MAX_LOOKED = 250;
/** More tracked work is looked at, as only rows tell what of it runs; leases tell the rest. */
const mostLookedOf = (queue: string) => (queue === TRACKED ? MAX_SCANNED : MAX_LOOKED);

interface OpenTask extends Pick<
  TaskColumns,
  "id" | "module" | "ready_at" | "resends" | "error_code" | "queue" | "started_at" | "progress"
> {
  status: "PENDING" | "RETRY";
}

interface OpenQueue {
  /** Tasks that no lease holds, at most as many as are looked at. */
  tasks: OpenTask[];
  /** Whether there are more such tasks. */
  capped: boolean;
}

export interface OpenWork {
  /** All leases, lapsed ones too, the oldest first. */
  leases: Lease[];
  /** The number of tasks held by a lease that have reported progress. */
  told: number;
  /** The size of the database, which D1 tells with every answer. */
  bytes: number;
  /** The open tasks by queue; tracked work has a queue too. */
  queues: Map<string, OpenQueue>;
}

// The limit grows by the tasks that leases list, so that these cannot hide the others.
const LOOK = sql(`
SELECT id, module, status, ready_at, resends, error_code, queue, started_at, progress
FROM tasks INDEXED BY tasks_open
WHERE queue = :queue AND ${OPEN} ORDER BY check_at
LIMIT :most + 1 +
  (SELECT coalesce(sum(json_array_length(task_ids)), 0) FROM leases WHERE queue = :queue)`);

const TOLD = sql(`
SELECT count(t.progress) AS told FROM leases l, json_each(l.task_ids) h JOIN tasks t ON t.id = h.value
WHERE l.queue = :queue`);

export async function lookAtOpen(env: Env, engine: Engine): Promise<OpenWork> {
  const { DB } = env;
  const queues = [...queueNames(env), TRACKED];
  // Tasks of a batch report no progress, so only queues of single tasks are asked.
  const single = new Set(
    engine.all().flatMap((task) => (task.kind === "single" ? [task.queue] : [])),
  );
  const [held, ...looks] = await DB.batch([
    LEASES.on(DB),
    ...queues.map((queue) => LOOK.on(DB, { queue, most: mostLookedOf(queue) })),
    ...[...single].map((queue) => TOLD.on(DB, { queue })),
  ]);
  const leases = readLeases(held);
  const holders = heldBy(leases);
  const told = looks.slice(queues.length) as D1Result<{ told: number }>[];
  return {
    leases,
    bytes: held?.meta.size_after ?? 0,
    told: told.reduce((sum, { results }) => sum + (results[0]?.told ?? 0), 0),
    queues: new Map(
      queues.map((queue, index) => {
        const looked = (looks[index]?.results ?? []) as OpenTask[];
        const free = looked.filter(({ id }) => !holders.has(id));
        const most = mostLookedOf(queue);
        return [queue, { tasks: free.slice(0, most), capped: free.length > most }];
      }),
    ),
  };
}

/**
 * Tells whether the tracked work that was not looked at probably runs, which it does if the last one
 * looked at runs: waiting work may be silent longest, so it is looked at last.
 */
export function unseenRun({ queues }: OpenWork): boolean {
  const last = queues.get(TRACKED)?.tasks.at(-1);
  return last !== undefined && runsElsewhere(last);
}

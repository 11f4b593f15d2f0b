/**
 * What has not ended, from one bounded look: the leases, and of each queue the tasks recovery looks at
 * first. Backlogs, states and troubles are all told from it. Whether a lease holds a task is decided
 * here and not in SQL, where each row would be looked for among the held ones at the price of another.
 */
import type { Engine } from "../model/engine";
import { heldBy, type Lease, LEASES, readLeases } from "../model/leases";
import { queueNames } from "../model/queues";
import { MAX_SCANNED } from "../../http/paging";
import { sql } from "../../db/sql";
import type { TaskColumns } from "../model/schema";
import { OPEN, runsElsewhere, TRACKED } from "../model/states";

/** So many tasks of a queue are looked at, besides those a lease holds. */
export const MAX_LOOKED = 250;
/** More are looked at of work elsewhere: only its rows say what runs, where here the leases do. */
const mostLookedOf = (queue: string) => (queue === TRACKED ? MAX_SCANNED : MAX_LOOKED);

interface OpenTask extends Pick<
  TaskColumns,
  "id" | "module" | "ready_at" | "resends" | "error_code" | "queue" | "started_at" | "progress"
> {
  status: "PENDING" | "RETRY";
}

interface OpenQueue {
  /** Tasks that no lease holds, no more than are looked at. */
  tasks: OpenTask[];
  /** There are more. */
  capped: boolean;
}

export interface OpenWork {
  /** Those that lapsed too, the oldest first. */
  leases: Lease[];
  /** How many of the tasks that a lease holds have said how far they are. */
  told: number;
  /** The size of the database, as it said with the answer. */
  bytes: number;
  /** By queue; work that runs elsewhere has one too. */
  queues: Map<string, OpenQueue>;
}

// As many more as its leases list, so that these cannot hide the others.
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
  // Tasks of a batch do not say how far they are.
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
 * Whether what runs elsewhere and was not looked at most probably runs, as the last one looked at
 * does: what waits there may be silent longest, and is looked at last.
 */
export function unseenRun({ queues }: OpenWork): boolean {
  const last = queues.get(TRACKED)?.tasks.at(-1);
  return last !== undefined && runsElsewhere(last);
}

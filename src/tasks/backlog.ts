import { LEASED } from "./leases";
import { listPauses, type Pause } from "./pauses";
import { lanesOf, queueOf } from "./queues";
import { OPEN } from "./states";

/** What waits in a lane. */
export interface Backlog {
  queue: string;
  /** Tasks that could run now, counted to 1,000. */
  due: number;
  capped: boolean;
  /** Tasks that wait for a time of their own, counted to 1,000. */
  waiting: number;
  /** For how long the task longest due could have run; null when none is. Milliseconds. */
  oldestMs: number | null;
  /** Messages the platform says wait; null when it does not say. */
  messages: number | null;
  pause: Pause | null;
}

const MAX_COUNTED = 1000;

const DUE = `
SELECT count(*) FILTER (WHERE ready_at <= ?2) AS due, count(*) FILTER (WHERE ready_at > ?2) AS waiting,
  count(*) AS looked, min(ready_at) AS oldest
FROM (
  SELECT ready_at FROM tasks INDEXED BY tasks_open
  WHERE queue = ?1 AND ${OPEN} AND id NOT IN (${LEASED}) ORDER BY check_at LIMIT ${MAX_COUNTED + 1}
)`;

interface Row {
  due: number;
  waiting: number;
  looked: number;
  oldest: number | null;
}

/** Of every lane that has a queue. */
export async function listBacklogs(env: Env, now = Date.now()): Promise<Backlog[]> {
  const lanes = lanesOf(env);
  const pauses = await listPauses(env.DB);
  const results = await env.DB.batch<Row>(lanes.map((lane) => env.DB.prepare(DUE).bind(lane, now)));
  return Promise.all(
    lanes.map(async (queue, index) => {
      const row = results[index]?.results[0] ?? { due: 0, waiting: 0, looked: 0, oldest: null };
      const metrics = await queueOf(env, queue)
        .metrics()
        .catch(() => null);
      return {
        queue,
        due: Math.min(row.due, MAX_COUNTED),
        capped: row.looked > MAX_COUNTED,
        waiting: Math.min(row.waiting, MAX_COUNTED),
        oldestMs: row.oldest !== null && row.oldest <= now ? now - row.oldest : null,
        messages: metrics?.backlogCount ?? null,
        pause: pauses.get(queue) ?? null,
      };
    }),
  );
}

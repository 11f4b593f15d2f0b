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

const LIST = `
SELECT l.worker, l.queue, l.since, l.expires_at AS expiresAt,
  (SELECT count(*) FROM json_each(l.task_ids) WHERE value <> '') AS batchSize,
  (SELECT json_group_array(json_object('id', t.id, 'name', t.name)) FROM (
     SELECT value FROM json_each(l.task_ids) WHERE value <> '' LIMIT ${SHOWN}) h
   JOIN tasks t ON t.id = h.value) AS tasks
FROM leases l WHERE l.expires_at > ?1 ORDER BY l.since`;

/** Those that hold a lease and are not silent for too long, the longest at it first. */
export async function listWorkers(db: D1Database, now = Date.now()): Promise<Worker[]> {
  const { results } = await db
    .prepare(LIST)
    .bind(now)
    .all<Omit<Worker, "tasks"> & { tasks: string }>();
  return results.map(({ tasks, ...worker }) => ({
    ...worker,
    tasks: JSON.parse(tasks) as Worker["tasks"],
  }));
}

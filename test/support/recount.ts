/** Statistics counted again from the tasks themselves, which must come to the same. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";

const EDGES = Array.from({ length: 17 }, (_, k) => 8 * 2 ** k);
const took = "status = 'SUCCESS' AND finished_at - started_at";

/** Of work that runs elsewhere only some names are counted by themselves: see tracked-names.ts. */
const KNOWN = "SELECT 1 FROM tracked_names k WHERE k.module = tasks.module";
const COUNTED_AS = `
  CASE WHEN queue = 'tracked' AND NOT EXISTS (${KNOWN} AND k.name = tasks.name)
    THEN '(other)' ELSE name END AS counted_name,
  CASE WHEN queue = 'tracked' AND NOT EXISTS (${KNOWN}) THEN '(other)' ELSE module END AS counted_module`;

const TASKS = `(SELECT *, ${COUNTED_AS} FROM tasks)`;

/** By name: what is, whatever was done again in between. */
const RECOUNT = `
SELECT counted_name AS name, counted_module AS module, count(*) AS created,
  count(*) FILTER (WHERE status = 'SUCCESS') AS success,
  count(*) FILTER (WHERE status = 'FAILURE') AS failure,
  count(*) FILTER (WHERE status = 'REVOKED') AS revoked,
  coalesce(sum(finished_at - started_at) FILTER (WHERE status = 'SUCCESS'), 0) AS duration_ms,
  ${EDGES.map((edge, k) => `count(*) FILTER (WHERE ${took} <= ${edge}) AS d${k}`).join(", ")}
FROM ${TASKS}
GROUP BY counted_module, counted_name ORDER BY counted_module, counted_name`;

const COUNTED = `
SELECT name, module, sum(created) AS created, sum(success) AS success,
  sum(failure) - sum(unfailed) AS failure, sum(revoked) - sum(unrevoked) AS revoked,
  sum(duration_ms) AS duration_ms, ${EDGES.map((_, k) => `sum(d${k}) AS d${k}`).join(", ")}
FROM task_counts GROUP BY module, name ORDER BY module, name`;

/** Events that no later one takes back must lie in the stretch of time they are counted in. */
const MISPLACED = `
SELECT name, span, bucket, created, success,
  (SELECT count(*) FROM ${TASKS} t WHERE t.counted_module = c.module AND t.counted_name = c.name
     AND t.created_at - t.created_at % span = bucket) AS created_then,
  (SELECT count(*) FROM ${TASKS} t WHERE t.counted_module = c.module AND t.counted_name = c.name
     AND t.status = 'SUCCESS' AND t.finished_at - t.finished_at % span = bucket) AS success_then
FROM task_counts c WHERE span > 0 AND (created <> created_then OR success <> success_then)`;

/** `places`: also that they lie in the right minutes, where nothing was folded. */
export async function expectRightCounts(places = false): Promise<void> {
  const [counted, recounted, misplaced] = await env.DB.batch([
    env.DB.prepare(COUNTED),
    env.DB.prepare(RECOUNT),
    env.DB.prepare(places ? MISPLACED : "SELECT 1 WHERE false"),
  ]);
  expect(counted?.results, "statistics equal a recount").toEqual(recounted?.results);
  expect(misplaced?.results, "counted in another stretch of time").toEqual([]);
}

/** For a test that put rows into the database itself: as if they had come there as tasks do. */
export async function recount(): Promise<void> {
  const columns = `created, success, failure, revoked, duration_ms, ${EDGES.map((_, k) => `d${k}`).join(", ")}`;
  await env.DB.batch([
    env.DB.prepare("DELETE FROM task_counts"),
    env.DB.prepare(
      `INSERT INTO task_counts (span, bucket, name, module, ${columns})
       SELECT 0, 0, name, module, ${columns} FROM (${RECOUNT})`,
    ),
  ]);
}

export async function clearTasks(): Promise<void> {
  const tables = [
    "tasks",
    "leases",
    "task_counts",
    "tracked_names",
    "paused_queues",
    "resumed_queues",
  ];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
}

/** Statistics are counted again from the tasks themselves, and must come to the same. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { hasArchive } from "../../src/archive/manifest";
import type { KeptRow } from "../../src/archive/record";
import { archivedRows } from "./archived-rows";
import { COUNTED, EDGES, RECOUNT, TASKS } from "./recount-sql";

/** An event that no later one takes back must lie in the stretch of time it is counted in. */
const MISPLACED = `
SELECT name, span, bucket, created, success,
  (SELECT count(*) FROM ${TASKS} t WHERE t.counted_module = c.module AND t.counted_name = c.name
     AND t.created_at - t.created_at % span = bucket) AS created_then,
  (SELECT count(*) FROM ${TASKS} t WHERE t.counted_module = c.module AND t.counted_name = c.name
     AND t.status = 'SUCCESS' AND t.finished_at - t.finished_at % span = bucket) AS success_then
FROM task_counts c WHERE span > 0 AND (created <> created_then OR success <> success_then)`;

/**
 * Checks that the statistics equal a recount. With `places`, also checks that events lie in the
 * right stretches of time, where nothing was folded.
 */
export async function expectRightCounts(places = false): Promise<void> {
  const archived = (await hasArchive(env.DB)) ? await archivedRows() : [];
  const ids = JSON.stringify(archived.map(({ id }) => id));
  const isHere = "SELECT value FROM json_each(?1) WHERE value IN (SELECT id FROM tasks)";
  const { results } = await env.DB.prepare(isHere).bind(ids).all<{ value: string }>();
  const here = new Set(results.map(({ value }) => value));
  const gone = archived.filter(({ id }) => !here.has(String(id)));
  // A task that has left counts as ever, so it is put back for the length of a transaction.
  const [counted, recounted, misplaced] = (
    await env.DB.batch([
      ...gone.map((row) => insertRow("tasks", row)),
      env.DB.prepare(COUNTED),
      env.DB.prepare(RECOUNT),
      env.DB.prepare(places ? MISPLACED : "SELECT 1 WHERE false"),
      ...gone.map(({ id }) => env.DB.prepare("DELETE FROM tasks WHERE id = ?1").bind(id)),
    ])
  ).slice(gone.length);
  expect(counted?.results, "statistics equal a recount").toEqual(recounted?.results);
  expect(misplaced?.results, "counted in another stretch of time").toEqual([]);
}

/**
 * Makes the statistics right for a test that put rows into the database itself, as if they had come
 * there as tasks do.
 */
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

function insertRow(table: string, row: KeptRow): D1PreparedStatement {
  const columns = Object.keys(row);
  const values = columns.map((_, index) => `?${index + 1}`).join(", ");
  return env.DB.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values})`).bind(
    ...Object.values(row),
  );
}

/** This SQL reads the statistics, and counts the same again from the tasks themselves. */

export const EDGES = Array.from({ length: 17 }, (_, k) => 8 * 2 ** k);
const took = "status = 'SUCCESS' AND finished_at - started_at";

/** Only some names of work that runs elsewhere are counted by themselves: see tracked-names.ts. */
const KNOWN = "SELECT 1 FROM tracked_names k WHERE k.module = tasks.module";
const COUNTED_AS = `
  CASE WHEN queue = 'tracked' AND NOT EXISTS (${KNOWN} AND k.name = tasks.name)
    THEN '(other)' ELSE name END AS counted_name,
  CASE WHEN queue = 'tracked' AND NOT EXISTS (${KNOWN}) THEN '(other)' ELSE module END AS counted_module`;

export const TASKS = `(SELECT *, ${COUNTED_AS} FROM tasks)`;

/** The recount says, by name, what is, whatever was done again in between. */
export const RECOUNT = `
SELECT counted_name AS name, counted_module AS module, count(*) AS created,
  count(*) FILTER (WHERE status = 'SUCCESS') AS success,
  count(*) FILTER (WHERE status = 'FAILURE') AS failure,
  count(*) FILTER (WHERE status = 'REVOKED') AS revoked,
  coalesce(sum(finished_at - started_at) FILTER (WHERE status = 'SUCCESS'), 0) AS duration_ms,
  ${EDGES.map((edge, k) => `count(*) FILTER (WHERE ${took} <= ${edge}) AS d${k}`).join(", ")}
FROM ${TASKS}
GROUP BY counted_module, counted_name ORDER BY counted_module, counted_name`;

/** Counts of a negative span repeat what others say, and are left out. */
export const COUNTED = `
SELECT name, module, sum(created) AS created, sum(success) AS success,
  sum(failure) - sum(unfailed) AS failure, sum(revoked) - sum(unrevoked) AS revoked,
  sum(duration_ms) AS duration_ms, ${EDGES.map((_, k) => `sum(d${k}) AS d${k}`).join(", ")}
FROM task_counts WHERE span >= 0 GROUP BY module, name ORDER BY module, name`;

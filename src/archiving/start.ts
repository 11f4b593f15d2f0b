import { configOf } from "../config";
import { sql } from "../db/sql";
import { MAX_SCANNED } from "../http/paging";
import { firstIdAt } from "../lib/ids";
import { enqueueOne } from "../tasks/accepting/enqueue";
import { FAILED, OPEN } from "../tasks/model/states";
import { nextDue } from "./due";
import { archiveHistory } from "./task";

const IS_AT_WORK = sql(`
SELECT 1 FROM tasks INDEXED BY tasks_open WHERE queue = 'tasks' AND ${OPEN} AND name = :name LIMIT 1`);

/** After a failure, or a cancellation, nothing is started for so long. */
const REST_MS = 3_600_000;
const HAS_FAILED = sql(`
SELECT 1 FROM (SELECT name FROM tasks INDEXED BY tasks_failed
  WHERE ${FAILED} AND id >= :since ORDER BY id DESC LIMIT ${MAX_SCANNED})
WHERE name = :name LIMIT 1`);

/** Starts archiving where something is due, none is at work, and none has failed lately. */
export async function startArchiving(env: Env, now: number): Promise<void> {
  const { historyMs, historyMaxBytes: maxBytes } = configOf(env);
  if ((await nextDue(env.DB, { historyMs, maxBytes }, now)) === null) {
    return;
  }
  const { name } = archiveHistory;
  const since = firstIdAt(now - REST_MS);
  const stops = [IS_AT_WORK.on(env.DB, { name }), HAS_FAILED.on(env.DB, { name, since })];
  const found = await env.DB.batch(stops);
  if (found.every(({ results }) => results.length === 0)) {
    await enqueueOne(env, archiveHistory, {}, { user: null, now });
  }
}

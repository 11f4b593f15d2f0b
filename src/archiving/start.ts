import { configOf } from "../config";
import { sql } from "../db/sql";
import { enqueueOne } from "../tasks/accepting/enqueue";
import { OPEN } from "../tasks/model/states";
import { nextDue } from "./due";
import { archiveHistory } from "./task";

const IS_AT_WORK = sql(`
SELECT 1 FROM tasks INDEXED BY tasks_open WHERE queue = 'tasks' AND ${OPEN} AND name = :name LIMIT 1`);

/** Starts archiving where something is due and none is at work. */
export async function startArchiving(env: Env, now: number): Promise<void> {
  const { historyMs, historyMaxBytes: maxBytes } = configOf(env);
  if ((await nextDue(env.DB, { historyMs, maxBytes }, now)) === null) {
    return;
  }
  if ((await IS_AT_WORK.on(env.DB, { name: archiveHistory.name }).first()) === null) {
    await enqueueOne(env, archiveHistory, {}, { user: null, now });
  }
}

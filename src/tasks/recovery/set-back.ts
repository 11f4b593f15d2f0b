/**
 * A clock that went back leaves times in the database that will not come for as long as it was ahead:
 * tasks accepted before would not be claimed, sent or missed until then, nor a dead consumer's lease
 * lapse. So recovery, which knows when it last looked, sets them back by what the clock lost.
 *
 * Work that runs elsewhere is left alone: that it is silent may be found late, not early.
 */
import { configOf } from "../../config";
import { log } from "../../log";
import { openPages } from "./open-pages";
import { queueNames } from "../model/queues";
import { OPEN } from "../model/states";

/** A smaller step back is lived through: what it holds up is late by no more. */
const MIN_STEP_MS = 60_000;

// Written by the clock that was ahead: a message sent or a task accepted in its time, or a task sent
// back to wait for a time after its last look (?4). A delay that somebody asked for before is kept.
const AHEAD = `
SELECT id, check_at FROM tasks INDEXED BY tasks_open
WHERE queue = ?2 AND check_at >= ?1 AND ${OPEN}
  AND (created_at > ?3 OR sent_at > ?3 OR (status = 'RETRY' AND check_at > ?4))`;

const SET_BACK = `
UPDATE tasks SET ready_at = ready_at - ?2, sent_at = sent_at - ?2, check_at = check_at - ?2
WHERE id IN (SELECT value FROM json_each(?1)) AND ${OPEN}`;

/** `latest` is the latest time known to have been, before `now`. */
export async function setBack(env: Env, now: number, latest: number): Promise<void> {
  const lost = latest - now;
  if (lost < MIN_STEP_MS) {
    return;
  }
  const { DB } = env;
  await DB.batch([
    DB.prepare("UPDATE leases SET expires_at = ?1 WHERE expires_at > ?1").bind(
      now + configOf(env).leaseMs,
    ),
    DB.prepare("UPDATE resumed_queues SET resumed_at = resumed_at - ?2 WHERE resumed_at > ?1").bind(
      now,
      lost,
    ),
  ]);
  let tasks = 0;
  for (const queue of queueNames(env)) {
    for await (const ids of openPages(DB, AHEAD, [queue, now, latest], now)) {
      await DB.prepare(SET_BACK).bind(JSON.stringify(ids), lost).run();
      tasks += ids.length;
    }
  }
  log.warn("recovery.clock_went_back", { byMs: lost, tasks });
}

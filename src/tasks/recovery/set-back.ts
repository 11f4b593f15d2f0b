/**
 * A clock that went back leaves times in the database that are still ahead. Until they come, tasks
 * accepted before would not be claimed, sent or missed, nor would a dead consumer's lease lapse. So
 * recovery, which knows when it last looked, sets them back by what the clock lost.
 *
 * Tracked work is left alone: its silence may be found late, but not early.
 */
import { configOf } from "../../config";
import { sql } from "../../db/sql";
import { log } from "../../log";
import { openPages } from "./open-pages";
import { queueNames } from "../model/queues";
import { OPEN } from "../model/states";

/** A smaller step back is not mended, as it delays nothing by more than itself. */
const MIN_STEP_MS = 60_000;

// These rows were written by the clock that was ahead: a message sent or a task accepted in its time,
// or a task sent back to wait after its last look (:latest). A delay that was asked for is kept.
const AHEAD = `
SELECT id, check_at FROM tasks INDEXED BY tasks_open
WHERE queue = :queue AND check_at >= :from AND ${OPEN}
  AND (created_at > :now OR sent_at > :now OR (status = 'RETRY' AND check_at > :latest))`;

const SET_BACK = sql(`
UPDATE tasks SET ready_at = ready_at - :lost, sent_at = sent_at - :lost, check_at = check_at - :lost
WHERE id IN (SELECT value FROM json_each(:ids)) AND ${OPEN}`);
const SHORTEN_LEASES = sql("UPDATE leases SET expires_at = :until WHERE expires_at > :until");
const SET_BACK_RESUMED = sql(
  "UPDATE resumed_queues SET resumed_at = resumed_at - :lost WHERE resumed_at > :now",
);

/** Sets back what a clock that was ahead wrote; `latest` is the latest time known to have been. */
export async function setBack(env: Env, now: number, latest: number): Promise<void> {
  const lost = latest - now;
  if (lost < MIN_STEP_MS) {
    return;
  }
  const { DB } = env;
  await DB.batch([
    SHORTEN_LEASES.on(DB, { until: now + configOf(env).leaseMs }),
    SET_BACK_RESUMED.on(DB, { now, lost }),
  ]);
  let tasks = 0;
  for (const queue of queueNames(env)) {
    for await (const ids of openPages(DB, AHEAD, { queue, now, latest }, now)) {
      await SET_BACK.on(DB, { ids: JSON.stringify(ids), lost }).run();
      tasks += ids.length;
    }
  }
  log.warn("recovery.clock_went_back", { byMs: lost, tasks });
}

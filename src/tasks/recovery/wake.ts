/** A wake ends a wait before its time, since what tasks waited for is there. */
import { sql } from "../../db/sql";
import { log } from "../../log";
import { LEASED } from "../model/leases";
import { openPages } from "./open-pages";
import { queueNames } from "../model/queues";
import { lookNow } from "./recovery-alarm";
import { OPEN } from "../model/states";

/** Waiting names the tasks that wait: those of one name, for a reason of one code. */
export interface Waiting {
  name: string;
  code: string;
}

const WAITS = `${OPEN} AND status = 'RETRY' AND name = :name AND error_code = :code
  AND ready_at > :now AND id NOT IN (${LEASED})` as const;

const WAITING = `
SELECT id, check_at FROM tasks INDEXED BY tasks_open
WHERE queue = :queue AND check_at >= :from AND ${WAITS}`;

const MAKE_DUE = sql(`
UPDATE tasks SET ready_at = :now, sent_at = NULL, check_at = :now, resends = 0
WHERE id IN (SELECT value FROM json_each(:ids)) AND ${WAITS}`);

/**
 * Makes what waits for a reason due now, and has recovery send it at once. It may be repeated, and
 * what it does not reach waits for its own time. Returns how many were woken.
 */
export async function wakeWaiting(
  env: Env,
  { name, code }: Waiting,
  now = Date.now(),
): Promise<number> {
  let woken = 0;
  for (const queue of queueNames(env)) {
    for await (const ids of openPages(env.DB, WAITING, { name, code, now, queue }, now)) {
      const due = MAKE_DUE.on(env.DB, { ids: JSON.stringify(ids), name, code, now });
      woken += (await due.run()).meta.changes;
      await lookNow(env);
    }
  }
  if (woken > 0) {
    log.info("tasks.woken", { name, code, tasks: woken });
  }
  return woken;
}

/** Ending a wait before its time: what tasks waited for is there. */
import { log } from "../log";
import { LEASED } from "./leases";
import { lanesOf } from "./queues";
import { lookNow } from "./recovery-alarm";
import { OPEN } from "./states";

const ROWS = 1000;
/** Two statements each; an invocation may ask D1 a thousand. */
const MAX_PAGES = 200;

/** Whose wait it is: tasks of this name that wait for a reason of this code. */
export interface Waiting {
  name: string;
  code: string;
}

const WAITS = `${OPEN} AND status = 'RETRY' AND name = ?2 AND error_code = ?3
  AND ready_at > ?4 AND id NOT IN (${LEASED})`;

const NEXT_WAITING = `
SELECT id, check_at FROM tasks INDEXED BY tasks_open
WHERE queue = ?1 AND check_at >= ?5 AND ${WAITS}
ORDER BY check_at LIMIT ${ROWS}`;

const MAKE_DUE = `
UPDATE tasks SET ready_at = ?4, sent_at = NULL, check_at = ?4, resends = 0
WHERE id IN (SELECT value FROM json_each(?1)) AND ${WAITS}`;

/**
 * Makes what waits for a reason due now, and has recovery send it at once. A repeat finds what a
 * first call left; what neither reaches waits for its own time. Returns how many were woken.
 */
export async function wakeWaiting(env: Env, { name, code }: Waiting): Promise<number> {
  const now = Date.now();
  let woken = 0;
  let pages = 0;
  for (const lane of lanesOf(env)) {
    for (let from = now + 1; pages < MAX_PAGES; pages += 1) {
      const waiting = env.DB.prepare(NEXT_WAITING).bind(lane, name, code, now, from);
      const { results } = await waiting.all<{ id: string; check_at: number }>();
      if (results.length > 0) {
        const ids = JSON.stringify(results.map(({ id }) => id));
        const { meta } = await env.DB.prepare(MAKE_DUE).bind(ids, name, code, now).run();
        woken += meta.changes;
        await lookNow(env);
      }
      if (results.length < ROWS) {
        break;
      }
      from = results.at(-1)?.check_at ?? from;
    }
  }
  if (woken > 0) {
    log.info("tasks.woken", { name, code, tasks: woken });
  }
  return woken;
}

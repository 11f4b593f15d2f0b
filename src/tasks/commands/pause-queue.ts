import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import type { Pause } from "../model/pauses";
import { publish } from "../model/publish";
import { lookNow } from "../recovery/recovery-alarm";

const PAUSE = sql(`
INSERT INTO paused_queues (queue, paused_at, paused_by, reason)
VALUES (:queue, :since, :by, :reason) ON CONFLICT (queue) DO NOTHING`);
const IS_PAUSED_BY = sql(`
SELECT 1 AS known FROM paused_queues
WHERE queue = :queue AND paused_at = :since AND paused_by = :by`);

/** Pauses a queue, and returns whether it was not paused yet. */
export async function pauseQueue(env: Env, pause: Pause): Promise<boolean> {
  const { queue, since, by, reason } = pause;
  // The row is read back, as a repeat after a commit that was reported failed changes nothing.
  const [, read] = await retryD1(env.DB, () =>
    env.DB.batch([
      PAUSE.on(env.DB, { queue, since, by, reason }),
      IS_PAUSED_BY.on(env.DB, { queue, since, by }),
    ]),
  );
  return told(env, read?.results.length === 1);
}

const NOTE_RESUMED = sql(`
INSERT INTO resumed_queues (queue, resumed_at)
SELECT queue, :now FROM paused_queues WHERE queue = :queue
ON CONFLICT (queue) DO UPDATE SET resumed_at = excluded.resumed_at`);
const RESUME = sql("DELETE FROM paused_queues WHERE queue = :queue");
const IS_RESUMED_AT = sql(
  "SELECT 1 AS known FROM resumed_queues WHERE queue = :queue AND resumed_at = :now",
);

/** Resumes a queue, and returns whether it was paused. */
export async function resumeQueue(env: Env, queue: string, now = Date.now()): Promise<boolean> {
  const [, , read] = await retryD1(env.DB, () =>
    env.DB.batch([
      NOTE_RESUMED.on(env.DB, { queue, now }),
      RESUME.on(env.DB, { queue }),
      IS_RESUMED_AT.on(env.DB, { queue, now }),
    ]),
  );
  const wasPaused = read?.results.length === 1;
  if (wasPaused) {
    await lookNow(env);
  }
  return told(env, wasPaused);
}

async function told(env: Env, changed: boolean): Promise<boolean> {
  if (changed) {
    await publish(env, () => [], true);
  }
  return changed;
}

import { retryD1 } from "../../db/retry";
import type { Pause } from "../model/pauses";
import { publish } from "../model/publish";
import { lookNow } from "../recovery/recovery-alarm";

const PAUSE = `
INSERT INTO paused_queues (queue, paused_at, paused_by, reason) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (queue) DO NOTHING`;
const IS_PAUSED_BY =
  "SELECT 1 AS known FROM paused_queues WHERE queue = ?1 AND paused_at = ?2 AND paused_by = ?3";

/** Returns whether it was not paused yet. */
export async function pauseQueue(env: Env, pause: Pause): Promise<boolean> {
  const { queue, since, by, reason } = pause;
  // What is there is read back: a repeat after a commit that was reported failed changes nothing.
  const [, read] = await retryD1(env.DB, () =>
    env.DB.batch([
      env.DB.prepare(PAUSE).bind(queue, since, by, reason),
      env.DB.prepare(IS_PAUSED_BY).bind(queue, since, by),
    ]),
  );
  return told(env, read?.results.length === 1);
}

const NOTE_RESUMED = `
INSERT INTO resumed_queues (queue, resumed_at) SELECT queue, ?2 FROM paused_queues WHERE queue = ?1
ON CONFLICT (queue) DO UPDATE SET resumed_at = excluded.resumed_at`;

const IS_RESUMED_AT = "SELECT 1 AS known FROM resumed_queues WHERE queue = ?1 AND resumed_at = ?2";

/** Returns whether it was paused. */
export async function resumeQueue(env: Env, queue: string, now = Date.now()): Promise<boolean> {
  const [, , read] = await retryD1(env.DB, () =>
    env.DB.batch([
      env.DB.prepare(NOTE_RESUMED).bind(queue, now),
      env.DB.prepare("DELETE FROM paused_queues WHERE queue = ?1").bind(queue),
      env.DB.prepare(IS_RESUMED_AT).bind(queue, now),
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

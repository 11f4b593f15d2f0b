/**
 * A paused lane hands out no work: its messages are acked, its rows wait, no attempt is used, and
 * recovery sends nothing for it. What was running goes on. Once resumed, recovery sends what waits.
 */
import { publish } from "./publish";

export interface Pause {
  queue: string;
  since: number;
  by: string;
  reason: string;
}

/** SQL: whether the lane given by an SQL expression is paused. */
export function isPausedSql(lane: string): string {
  return `EXISTS (SELECT 1 FROM paused_queues WHERE queue = ${lane})`;
}

export async function listPauses(db: D1Database): Promise<Map<string, Pause>> {
  const { results } = await db
    .prepare('SELECT queue, paused_at AS since, paused_by AS "by", reason FROM paused_queues')
    .all<Pause>();
  return new Map(results.map((pause) => [pause.queue, pause]));
}

/** Returns whether it was not paused yet. */
export async function pauseQueue(env: Env, pause: Pause): Promise<boolean> {
  const { meta } = await env.DB.prepare(
    `INSERT INTO paused_queues (queue, paused_at, paused_by, reason) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (queue) DO NOTHING`,
  )
    .bind(pause.queue, pause.since, pause.by, pause.reason)
    .run();
  return told(env, meta.changes > 0);
}

/** Returns whether it was paused. */
export async function resumeQueue(env: Env, queue: string): Promise<boolean> {
  const { meta } = await env.DB.prepare("DELETE FROM paused_queues WHERE queue = ?1")
    .bind(queue)
    .run();
  return told(env, meta.changes > 0);
}

async function told(env: Env, changed: boolean): Promise<boolean> {
  if (changed) {
    await publish(env, () => [], true);
  }
  return changed;
}

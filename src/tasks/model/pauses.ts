import type { PauseColumns, ResumeColumns } from "./schema";

/**
 * A paused queue hands out no work: its messages are acked, its rows wait, no attempt is used, and
 * recovery sends nothing for it. What was running goes on. Once resumed, recovery sends what waits at
 * once. When that was is kept: what waited through a pause is not overdue for it, and its messages
 * are gone. Whoever pauses and resumes: see pause-queue.ts.
 */
export interface Pause extends Pick<PauseColumns, "queue" | "reason"> {
  since: PauseColumns["paused_at"];
  by: PauseColumns["paused_by"];
}

/** SQL: whether the queue given by an SQL expression is paused. */
export function isPausedSql(queue: string): string {
  return `EXISTS (SELECT 1 FROM paused_queues WHERE queue = ${queue})`;
}

/** SQL: whether it was resumed after a time. */
export function isResumedSql(queue: string, after: string): string {
  return `EXISTS (SELECT 1 FROM resumed_queues WHERE queue = ${queue} AND resumed_at > ${after})`;
}

export interface Pauses {
  /** By queue, those that are paused now. */
  paused: Map<string, Pause>;
  /** By queue, when its last pause ended; Unix milliseconds. */
  resumedAt: Map<string, number>;
}

const PAUSED = 'SELECT queue, paused_at AS since, paused_by AS "by", reason FROM paused_queues';
const RESUMED = "SELECT queue, resumed_at AS at FROM resumed_queues";

export async function readPauses(db: D1Database): Promise<Pauses> {
  const [paused, resumed] = await db.batch([db.prepare(PAUSED), db.prepare(RESUMED)]);
  const pauses = (paused?.results ?? []) as Pause[];
  const resumes = (resumed?.results ?? []) as {
    queue: ResumeColumns["queue"];
    at: ResumeColumns["resumed_at"];
  }[];
  return {
    paused: new Map(pauses.map((pause) => [pause.queue, pause])),
    resumedAt: new Map(resumes.map(({ queue, at }) => [queue, at])),
  };
}

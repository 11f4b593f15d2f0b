import type { PauseColumns, ResumeColumns } from "./schema";

/**
 * A paused queue hands out no work: its messages are acked, its rows wait, no attempt is used, and
 * recovery sends nothing for it. What was running goes on. The time of a resume is kept, as what
 * waited through the pause is not overdue and has lost its message: recovery sends it at once.
 * pause-queue.ts pauses and resumes.
 */
export interface Pause extends Pick<PauseColumns, "queue" | "reason"> {
  since: PauseColumns["paused_at"];
  by: PauseColumns["paused_by"];
}

/** Makes SQL that tells whether a queue, given as an SQL expression, is paused. */
export function isPausedSql(queue: string): string {
  return `EXISTS (SELECT 1 FROM paused_queues WHERE queue = ${queue})`;
}

/** Makes SQL that tells whether a queue was resumed after a time, both given as SQL expressions. */
export function isResumedSql(queue: string, after: string): string {
  return `EXISTS (SELECT 1 FROM resumed_queues WHERE queue = ${queue} AND resumed_at > ${after})`;
}

export interface Pauses {
  /** The queues that are paused now, by name. */
  paused: Map<string, Pause>;
  /** The end of each queue's last pause, in Unix milliseconds, by name. */
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

import type { OpenWork } from "./open-work";
import { type Pause, readPauses } from "../model/pauses";
import { queueNames, producerOf } from "../model/queues";

/** Backlog is what waits in a queue. */
export interface Backlog {
  queue: string;
  /** The tasks looked at that could run now; `waiting` are those with a later time of their own. */
  due: number;
  waiting: number;
  /** Whether there are more tasks than were looked at. */
  capped: boolean;
  /** How long the task longest due could have run, pauses aside, in milliseconds; null for none. */
  oldestMs: number | null;
  /** The number of messages that the platform says wait; null when it does not say. */
  messages: number | null;
  pause: Pause | null;
}

export async function listBacklogs(
  env: Env,
  { queues }: OpenWork,
  now = Date.now(),
): Promise<Backlog[]> {
  const { paused, resumedAt } = await readPauses(env.DB);
  return Promise.all(
    queueNames(env).map(async (queue) => {
      const { tasks, capped } = queues.get(queue) ?? { tasks: [], capped: false };
      const resumed = Math.min(resumedAt.get(queue) ?? 0, now);
      const due = tasks.filter(({ ready_at }) => ready_at <= now);
      const metrics = await producerOf(env, queue)
        .metrics()
        .catch(() => null);
      return {
        queue,
        due: due.length,
        waiting: tasks.length - due.length,
        capped,
        oldestMs:
          due.length > 0
            ? now - Math.max(resumed, Math.min(...due.map(({ ready_at }) => ready_at)))
            : null,
        messages: metrics?.backlogCount ?? null,
        pause: paused.get(queue) ?? null,
      };
    }),
  );
}

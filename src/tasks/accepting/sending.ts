/**
 * A queue takes 5,000 messages a second from all senders together, and then throws `Too Many
 * Requests`. So whoever sends many paces them, and whoever is refused steps back. What is not taken in
 * time is noted as unsent: recovery sends it at its next look, and need not wait for proof that a
 * message which never was is lost.
 */
import { inChunks } from "../../db/chunks";
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { type Chance, type Clock, systemChance, systemClock } from "../../lib/clock";
import type { Refused } from "../../lib/result";
import { log } from "../../log";
import { lookNow } from "../recovery/recovery-alarm";
import { OPEN } from "../model/states";
import { ROUND, trySending } from "../model/try-sending";

/** The pause between rounds, 4,000 messages a second at most, leaves room for other senders. */
const PAUSE_MS = 150;
const MAX_PAUSE_MS = 1000;

interface Manner {
  delayMs?: number;
  /** How long refused messages are tried again, in milliseconds; a round is tried once anyway. */
  patienceMs?: number;
  clock?: Clock;
  chance?: Chance;
}

/**
 * Sends the messages of tasks whose rows say that they are sent, and has the rows say otherwise for
 * those that the queue did not take. Chunks may overtake each other. Never rejects: if even that note
 * fails, recovery finds the tasks by their silence.
 */
export async function sendTasks(
  env: Env,
  queue: string,
  ids: readonly string[],
  manner: Manner = {},
): Promise<void> {
  const { clock = systemClock, chance = systemChance } = manner;
  let left = ids;
  try {
    const sending = await sendPaced(env, queue, ids, { ...manner, clock, chance });
    left = sending.left;
    if (left.length > 0) {
      const message = String(sending.refused?.why);
      log.warn("queue.refused", { queue, tasks: left.length, message });
      await noteUnsent(env.DB, left, clock());
      await lookNow(env);
    }
  } catch (error) {
    log.error("queue.send_failed", { queue, tasks: left.length, message: String(error) });
  }
}

async function sendPaced(
  env: Env,
  queue: string,
  ids: readonly string[],
  { delayMs = 0, patienceMs = 0, clock, chance }: Manner & { clock: Clock; chance: Chance },
): Promise<{ left: readonly string[]; refused?: Refused<unknown> }> {
  const since = clock();
  let left = ids;
  let waited = 0;
  let pause = PAUSE_MS;
  for (;;) {
    const round = left.slice(0, ROUND);
    const { taken, refused } = await trySending(env, queue, round, delayMs);
    const gone = new Set(taken);
    left = left.filter((id) => !gone.has(id));
    // Both times are looked at: the clock may stand still in a wait, or run on while the queue is
    // slow.
    const isLate = Math.max(waited, clock() - since) >= patienceMs;
    if (left.length === 0 || (refused && isLate)) {
      return { left, refused };
    }
    pause = refused ? Math.min(2 * pause, MAX_PAUSE_MS) : Math.max(0.8 * pause, PAUSE_MS);
    const wait = pause * (1 + chance() / 2);
    await new Promise((resolve) => setTimeout(resolve, wait));
    waited += wait;
  }
}

const NOTE_UNSENT = sql(`
UPDATE tasks SET sent_at = NULL, check_at = max(ready_at, :now)
WHERE id IN (SELECT value FROM json_each(:ids)) AND ${OPEN} AND sent_at IS NOT NULL`);

async function noteUnsent(db: D1Database, ids: readonly string[], now: number): Promise<void> {
  const chunks = inChunks(ids.map((id) => JSON.stringify(id)));
  const statements = chunks.map((chunk) => NOTE_UNSENT.on(db, { ids: chunk, now }));
  await retryD1(db, () => db.batch(statements));
}

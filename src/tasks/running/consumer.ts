/**
 * The consumer takes a batch through claim -> run -> settle -> ack.
 *
 * - It throws nothing, as a throw would redeliver the whole batch. Every message is acked or retried
 *   by itself (messages.ts).
 * - A message is only a hint that a task may be due; the row decides. So a late, doubled or stale
 *   message is acked without effect, and recovery makes up for a lost one.
 * - A message is acked only after the settle that made it useless has committed, and by what D1
 *   says of the row, not by what the handler wished.
 * - While D1 fails for reasons of its own nothing is held against a task: the lease is given back,
 *   messages wait longer and longer, and past a number of deliveries the row alone is the way back.
 * - A suspect, whose last lease lapsed or whose batch threw, runs after the rest, alone.
 * - A task that might not end while this consumer lives is not begun: it goes back to the queue.
 */
import { guarded } from "../../db/guarded";
import { UNATTENDED } from "../../db/retry";
import { systemChance, systemClock } from "../../lib/clock";
import type { Engine } from "../model/engine";
import { queueNameOf } from "../model/queues";
import { MAX_RUNNING_MS } from "../model/timeout";
import { workLease } from "./lease";
import { backToWait, retryNow, sortMessages } from "./messages";

/** A task that runs alone asks D1 a dozen times, and D1 answers an invocation a thousand times. */
const ALONE_PER_DELIVERY = 50;

export async function consume(
  batch: MessageBatch,
  given: Env,
  engine: Engine,
  clock = systemClock,
  chance = systemChance,
): Promise<void> {
  const until = clock() + MAX_RUNNING_MS;
  const env = guarded(given, UNATTENDED);
  const messages = await sortMessages(batch, { env, clock, chance });
  if (messages.size === 0) {
    return;
  }
  const queue = queueNameOf(env, batch.queue);
  const delivery = { queue, env, engine, clock, chance, messages, until };
  const ids = [...messages.keys()];
  const { suspects, state } = await workLease(delivery, { ids, suspect: false });
  let now = state;
  for (const [index, id] of suspects.entries()) {
    if (now === "troubled") {
      backToWait([id], messages, chance);
    } else if (now === "over" || index >= ALONE_PER_DELIVERY) {
      retryNow(id, messages);
    } else {
      ({ state: now } = await workLease(delivery, { ids: [id], suspect: true }));
    }
  }
}

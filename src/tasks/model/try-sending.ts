import { Refused } from "../../lib/result";
import { MESSAGE_VERSION, producerOf } from "./queues";

/** One call to the queue takes at most this many messages. */
const SEND_BATCH = 100;
const SENDS_AT_ONCE = 6;
/** One round sends at most this many messages, in several calls at once. */
export const ROUND = SEND_BATCH * SENDS_AT_ONCE;

/** Sending says for which tasks the queue took a message, and what it said of the rest. */
export interface Sending {
  taken: string[];
  refused?: Refused<unknown>;
}

/** Sends a message per task, to be delivered after the delay, until the queue refuses some. */
export async function trySending(
  env: Env,
  queue: string,
  ids: readonly string[],
  delayMs = 0,
): Promise<Sending> {
  const producer = producerOf(env, queue);
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += SEND_BATCH) {
    chunks.push(ids.slice(start, start + SEND_BATCH));
  }
  const sending: Sending = { taken: [] };
  for (let start = 0; start < chunks.length; start += SENDS_AT_ONCE) {
    const some = chunks.slice(start, start + SENDS_AT_ONCE);
    const results = await Promise.allSettled(
      some.map((chunk) =>
        producer.sendBatch(
          chunk.map((id) => ({ body: { v: MESSAGE_VERSION, task_id: id } })),
          delayMs > 0 ? { delaySeconds: Math.ceil(delayMs / 1000) } : undefined,
        ),
      ),
    );
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") {
        sending.taken.push(...(some[index] ?? []));
      } else {
        sending.refused = new Refused(result.reason);
      }
    }
    if (sending.refused) {
      break;
    }
  }
  return sending;
}

/** Tells whether the queue refused because of its rate: it will take more in the next second. */
export function isRateRefusal(refusal: unknown): boolean {
  return /too many requests/i.test(String(refusal));
}

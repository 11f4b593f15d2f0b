import { type Acting, audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { readReason } from "../../http/reason";
import { isRefused, Refused, type Result } from "../../lib/result";
import { queueNames } from "../model/queues";
import { pauseQueue, resumeQueue } from "./pause-queue";
import type { Refusal } from "./refusals";

export function knownQueue(env: Env, queue: string): Result<string, Refusal> {
  return queueNames(env).includes(queue) ? queue : new Refused({ kind: "no_queue", queue });
}

/** Pauses a queue; one that is paused stays as it is. */
export async function pause(
  acting: Acting,
  queue: string,
  typed: unknown,
  now = Date.now(),
): Promise<Result<string, Refusal>> {
  const known = knownQueue(acting.env, queue);
  if (isRefused(known)) {
    return known;
  }
  const reason = readReason(typed);
  if (isRefused(reason)) {
    return reason;
  }
  const by = callerId(acting.caller);
  if (await pauseQueue(acting.env, { queue, since: now, by, reason })) {
    await audit(acting, "queue.pause", queue, { reason });
  }
  return queue;
}

/** Resumes a queue; one that is not paused stays as it is. */
export async function resume(acting: Acting, queue: string): Promise<Result<string, Refusal>> {
  const known = knownQueue(acting.env, queue);
  if (!isRefused(known) && (await resumeQueue(acting.env, queue))) {
    await audit(acting, "queue.resume", queue);
  }
  return known;
}

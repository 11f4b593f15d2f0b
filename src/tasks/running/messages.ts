/**
 * This is the only place that acks or retries the messages of a delivery, each by itself, except
 * dead letters (dead-letters.ts). To answer a message twice has no effect.
 */
import type { Chance, Clock } from "../../lib/clock";
import { MAX_MESSAGE_WAIT_MS } from "../model/backoff";
import { readMessage } from "../model/queues";
import type { Claimed } from "./claim";
import { buryMessages } from "./dead-letters";
import { mayWait, putOff, putOffOrDrop } from "./put-off";
import type { Settled, SettledTask } from "./settle";

export type Messages = ReadonlyMap<string, Message>;

interface Surroundings {
  env: Env;
  clock: Clock;
  chance: Chance;
}

/** Returns messages by task id. Doubles are acked, newer ones put off, unreadable ones buried. */
export async function sortMessages(
  batch: MessageBatch,
  { env, clock, chance }: Surroundings,
): Promise<Messages> {
  const messages = new Map<string, Message>();
  const unknown: Message[] = [];
  for (const message of batch.messages) {
    const read = readMessage(message.body);
    if (read === "newer") {
      putOff(message, chance());
    } else if (read === "unknown") {
      unknown.push(message);
    } else if (messages.has(read.task_id)) {
      message.ack();
    } else {
      messages.set(read.task_id, message);
    }
  }
  if (unknown.length > 0) {
    const message = "The queue delivered a message that is not one of this system";
    await buryMessages(unknown, env, { code: "invalid_message", message }, clock(), chance);
  }
  return messages;
}

/** Answers for tasks that were not taken, except suspects, which it returns, as they run alone. */
export function answerUnclaimed({ notClaimed }: Claimed, messages: Messages): string[] {
  const suspects: string[] = [];
  for (const [id, why] of notClaimed) {
    if (why === "suspect") {
      suspects.push(id);
    } else if (why === "gone" || why.dueInMs > MAX_MESSAGE_WAIT_MS) {
      messages.get(id)?.ack();
    } else {
      retryIn(messages.get(id), why.dueInMs);
    }
  }
  return suspects;
}

/** AnsweredTask is a task whose message was answered. */
export interface AnsweredTask extends SettledTask {
  /** The wait in milliseconds for a new message; null when it wants none. */
  resendInMs: number | null;
}

/** Answered is a lease whose messages were answered: it adds which tasks want a new one. */
export interface Answered extends Settled {
  tasks: AnsweredTask[];
}

/** Acks or retries by what D1 holds, not by what a handler wished. */
export function answerSettled(settled: Settled, messages: Messages): Answered {
  const { at } = settled;
  return {
    ...settled,
    tasks: settled.tasks.map((task) => ({
      ...task,
      resendInMs: answerTask(task, messages.get(task.row.id), at),
    })),
  };
}

/**
 * Answers a task's message, and returns the delay of a new one if it wants one. The next slice does,
 * and so does a wait whose message was retried so often that the platform is about to give it up.
 */
function answerTask(
  { settled }: SettledTask,
  message: Message | undefined,
  now: number,
): number | null {
  const waits = settled?.status === "RETRY" && settled.sent_at !== null;
  if (waits && (!message || mayWait(message))) {
    retryIn(message, settled.ready_at - now);
    return null;
  }
  message?.ack();
  const goesOn = settled?.status === "PENDING" && settled.sent_at === now;
  return waits || goesOn ? Math.max(0, settled.ready_at - now) : null;
}

/** Puts messages off, later and later, after D1 failed, for which their tasks are not to blame. */
export function backToWait(ids: readonly string[], messages: Messages, chance: Chance): void {
  for (const id of ids) {
    const message = messages.get(id);
    if (message) {
      putOffOrDrop(message, chance());
    }
  }
}

/** Sends what was taken but may not be begun back to the queue, for another delivery. */
export function backToQueue({ claimed }: Claimed, messages: Messages): void {
  claimed.forEach(({ id }) => retryNow(id, messages));
}

export function retryNow(id: string, messages: Messages): void {
  retryIn(messages.get(id), 0);
}

function retryIn(message: Message | undefined, ms: number): void {
  message?.retry({ delaySeconds: Math.max(0, Math.ceil(ms / 1000)) });
}

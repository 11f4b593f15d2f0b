/**
 * The messages of a delivery, by the task each is of, and their answers: the only place that acks or
 * retries them, each by itself. To answer one twice has no effect. (Dead letters have their own:
 * dead-letters.ts.)
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

/** Messages by task id. Doubles are acked, newer ones put off, unreadable ones made visible. */
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

/** Answers for tasks that were not taken, but for suspects, which it returns: they run alone. */
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

/** A task whose message was answered. */
export interface AnsweredTask extends SettledTask {
  /** It wants a new message, after so many milliseconds. */
  resendInMs: number | null;
}

/** A lease whose messages were answered: adds which tasks want a new one. */
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
 * A new message is for a next slice, and for a wait whose message was retried often enough for the
 * platform to be about to give it up.
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

/** D1 failed: a task is not to blame, and its message comes again, later and later. */
export function backToWait(ids: readonly string[], messages: Messages, chance: Chance): void {
  for (const id of ids) {
    const message = messages.get(id);
    if (message) {
      putOffOrDrop(message, chance());
    }
  }
}

/** What was taken and is not to be begun goes back to the queue, for another delivery. */
export function backToQueue({ claimed }: Claimed, messages: Messages): void {
  claimed.forEach(({ id }) => retryNow(id, messages));
}

export function retryNow(id: string, messages: Messages): void {
  retryIn(messages.get(id), 0);
}

function retryIn(message: Message | undefined, ms: number): void {
  message?.retry({ delaySeconds: Math.max(0, Math.ceil(ms / 1000)) });
}

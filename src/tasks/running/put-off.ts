/**
 * Sending a message back to wait, when it is not its task's doing. The waits grow, for the platform
 * gives a message up after 100 deliveries: with these it takes a day and more to get there. `random` is from 0 up to 1.
 */
import { backoff, type BackoffPolicy } from "../model/backoff";

/** What a database, or another deployment, is given to be well again: a day in all. */
const PATIENCE: BackoffPolicy = { baseMs: 5000, maxMs: 15 * 60_000 };
/** A hundred of these take about the four days that the platform keeps a message. */
const FOR_DAYS: BackoffPolicy = { baseMs: 60_000, maxMs: 3_600_000 };
/** Half of max_retries. */
const MAX_DELIVERIES = 50;

export function putOff(message: Message, random: number): void {
  retryAfter(message, PATIENCE, random);
}

/** For what has no other way back: a dead letter, a message that nobody may look at yet. */
export function putOffForDays(message: Message, random: number): void {
  retryAfter(message, FOR_DAYS, random);
}

function retryAfter(message: Message, policy: BackoffPolicy, random: number): void {
  const ms = backoff(policy, message.attempts, random);
  message.retry({ delaySeconds: Math.ceil(ms / 1000) });
}

/** Whether so many deliveries are left that its task may go on waiting with this message. */
export function mayWait(message: Message): boolean {
  return message.attempts < MAX_DELIVERIES;
}

/**
 * Puts off a message whose task has a row. Once delivered often enough it is acked, and recovery,
 * which finds the row's message missing, sends another.
 */
export function putOffOrDrop(message: Message, random: number): void {
  if (mayWait(message)) {
    putOff(message, random);
  } else {
    message.ack();
  }
}

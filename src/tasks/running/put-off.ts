/**
 * A message is put off when it must wait through no fault of its task. The waits grow so that it
 * takes over a day to 100 deliveries, when the platform gives it up. `random` is from 0 up to 1.
 */
import { backoff, type BackoffPolicy } from "../model/backoff";

/** The waits for a database, or another deployment, to be well again make up a day in all. */
const PATIENCE: BackoffPolicy = { baseMs: 5000, maxMs: 15 * 60_000 };
/** A hundred of these waits take about the four days for which the platform keeps a message. */
const FOR_DAYS: BackoffPolicy = { baseMs: 60_000, maxMs: 3_600_000 };
/** Half of the deliveries that max_retries allows are kept in reserve. */
const MAX_DELIVERIES = 50;

export function putOff(message: Message, random: number): void {
  retryAfter(message, PATIENCE, random);
}

/** Puts off what has no other way back: a dead letter, or a message that nobody may read yet. */
export function putOffForDays(message: Message, random: number): void {
  retryAfter(message, FOR_DAYS, random);
}

function retryAfter(message: Message, policy: BackoffPolicy, random: number): void {
  const ms = backoff(policy, message.attempts, random);
  message.retry({ delaySeconds: Math.ceil(ms / 1000) });
}

/** Tells whether so many deliveries are left that a task may go on waiting with this message. */
export function mayWait(message: Message): boolean {
  return message.attempts < MAX_DELIVERIES;
}

/**
 * Puts off a message whose task has a row. One that was delivered too often is acked, and recovery,
 * which finds it missing, sends another.
 */
export function putOffOrDrop(message: Message, random: number): void {
  if (mayWait(message)) {
    putOff(message, random);
  } else {
    message.ack();
  }
}

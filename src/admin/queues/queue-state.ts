import type { Backlog } from "../../tasks/statistics/backlog";

const STALLED_MS = 60_000;

export type QueueState = "paused" | "stalled" | "working" | "due" | "waiting" | "idle";

/**
 * AtWork tells whether somebody works on a queue now, or did a moment ago, because between two
 * batches nobody does.
 */
export interface AtWork {
  now: boolean;
  lately: boolean;
}

/**
 * Returns the queue's state. Due work that nobody takes means stalled; nothing due means idle,
 * though both queues do nothing.
 */
export function stateOfQueue(backlog: Backlog, atWork: AtWork): QueueState {
  const { pause, due, waiting, oldestMs } = backlog;
  if (pause) {
    return "paused";
  }
  if (atWork.now || (due > 0 && atWork.lately)) {
    return "working";
  }
  if (due > 0) {
    return oldestMs !== null && oldestMs >= STALLED_MS ? "stalled" : "due";
  }
  return waiting > 0 ? "waiting" : "idle";
}

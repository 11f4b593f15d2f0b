import type { Backlog } from "../../tasks/statistics/backlog";

const STALLED_MS = 60_000;

export type QueueState = "paused" | "stalled" | "working" | "due" | "waiting" | "idle";

/** Who is at a queue: somebody now, or somebody a moment ago, as between two batches nobody is. */
export interface AtWork {
  now: boolean;
  lately: boolean;
}

/** One whose work is due and nobody takes is stalled; one with nothing due is idle, however alike they look. */
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

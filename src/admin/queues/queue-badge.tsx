import type { QueueState } from "./queue-state";
import type { View } from "../shared/view";
import { queuesWords } from "./words";

/** Borrowed from the states of tasks: each has a sign and a colour there. */
const LOOKS = {
  stalled: "failure",
  paused: "retry",
  working: "started",
  due: "pending",
  waiting: "pending",
  idle: "success",
} as const satisfies Record<QueueState, string>;

/** How a queue is, as a word with a sign. */
export function QueueBadge({ view, state }: { view: View; state: QueueState }) {
  const t = queuesWords(view);
  return <span class={`badge is-${LOOKS[state]}`}>{t(`queueState.${state}`)}</span>;
}

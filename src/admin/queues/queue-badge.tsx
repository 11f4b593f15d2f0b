import type { QueueState } from "./queue-state";
import type { View } from "../shared/view";
import { queuesWords } from "./words";

/** LOOKS borrows the sign and colour of a task's state for each state of a queue. */
const LOOKS = {
  stalled: "failure",
  paused: "retry",
  working: "started",
  due: "pending",
  waiting: "pending",
  idle: "success",
} as const satisfies Record<QueueState, string>;

/** Shows a queue's state as a word with a sign. */
export function QueueBadge({ view, state }: { view: View; state: QueueState }) {
  const t = queuesWords(view);
  return <span class={`badge is-${LOOKS[state]}`}>{t(`queueState.${state}`)}</span>;
}

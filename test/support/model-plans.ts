/** What can happen in a `World`, as values that a test may draw. */
import type { Fault } from "./faults";

/** What a task does when it is run; after its last step it is done. */
export const STEPS = [
  "done",
  "reject",
  "retry",
  "defer a little",
  "defer for long",
  "continue",
  "throw",
  "die",
] as const;
export type Step = (typeof STEPS)[number];

/** A task of the test's own, or an order: `orderKey` says which id, so that some are equal. */
export type Plan =
  | { kind: "single" | "batch"; script: readonly Step[] }
  | { kind: "order"; orderKey: number; content: "good" | "empty" | "unknown sku" };

/** What work elsewhere says of itself. */
export const REPORTS = ["progress", "done", "reject"] as const;
export type Report = (typeof REPORTS)[number];

/** How a task came along: what its end must be explained by. */
export interface Life {
  plan: Plan | { kind: "tracked" };
  runs: number;
  /** Steps it took, whether or not they were settled. */
  taken: Step[];
}

/** "always": for as long as the caller tries. */
export type FaultPlan = { fault: Fault; times: "once" | "always" } | null;

export interface DeliveryPlan {
  /** Places in the queue; "all" of what waits there. */
  messages: number[] | "all";
  /** Tasks whose message comes once more. */
  doubles: number[];
  strangers: boolean;
  claim: FaultPlan;
  settle: FaultPlan;
  /** The order registry: cannot be reached, or misses how it ended. */
  registry: "well" | "down" | "deaf";
  /** Handlers wait until the test lets them go on. */
  held: boolean;
  ending: Ending;
}

/** What the platform makes of the answers: it may miss them, and may even lose the messages. */
export type Ending = "answered" | "redelivered" | "lost";

export interface RecoveryPlan {
  /** Two at once. */
  twice: boolean;
  /** The queue says it is empty. */
  blind: boolean;
  /** The queue takes nothing. */
  refuses: boolean;
  /** A heartbeat comes between looking for lapsed leases and breaking them. */
  beat: boolean;
  /** At the breaking of a lease. */
  fault: FaultPlan;
}

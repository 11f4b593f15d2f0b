/** Plans say what can happen in a `World`, as values that a test may draw. */
import type { Fault } from "./faults";

/** A step is what a task does when it is run; after its last step it is done. */
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

/**
 * Plan is a task of the test's own, or an order. An order's id comes from `orderKey`, so that some
 * are equal.
 */
export type Plan =
  | { kind: "single" | "batch"; script: readonly Step[] }
  | { kind: "order"; orderKey: number; content: "good" | "empty" | "unknown sku" };

/** A report is what work elsewhere says of itself. */
export const REPORTS = ["progress", "done", "reject"] as const;
export type Report = (typeof REPORTS)[number];

/** Life is how a task came along, by which its end must be explained. */
export interface Life {
  plan: Plan | { kind: "tracked" };
  runs: number;
  /** `taken` has the steps it took, whether or not they were settled. */
  taken: Step[];
}

/** A fault that strikes "always" lasts for as long as the caller tries. */
export type FaultPlan = { fault: Fault; times: "once" | "always" } | null;

export interface DeliveryPlan {
  /** `messages` has places in the queue; "all" is all that waits there. */
  messages: number[] | "all";
  /** `doubles` has the places of messages that come once more. */
  doubles: number[];
  strangers: boolean;
  claim: FaultPlan;
  settle: FaultPlan;
  /** `registry` is "down" if it cannot be reached, and "deaf" if it misses how orders ended. */
  registry: "well" | "down" | "deaf";
  /** `held` says that handlers wait until the test lets them go on. */
  held: boolean;
  ending: Ending;
}

/**
 * Ending is what the platform makes of the answers: it may miss them, and may even lose the
 * messages.
 */
export type Ending = "answered" | "redelivered" | "lost";

export interface RecoveryPlan {
  /** `twice` makes two recoveries at once. */
  twice: boolean;
  /** `blind` makes the queue say that it is empty. */
  blind: boolean;
  /** `refuses` makes the queue take nothing. */
  refuses: boolean;
  /** `beat` lets a heartbeat come between looking for lapsed leases and breaking them. */
  beat: boolean;
  /** `fault` strikes as a lease is broken. */
  fault: FaultPlan;
}

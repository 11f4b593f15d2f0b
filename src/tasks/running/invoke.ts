/** A handler is called within limits, and whatever it does comes back as an answer or a Crash. */
import { isTroubledSince } from "../../db/guarded";
import { troubleBehind } from "../../db/trouble";
import { causesOf } from "../../lib/causes";
import type { Clock } from "../../lib/clock";
import { cutText } from "../../lib/cut-text";
import { Refused, type Result } from "../../lib/result";
import { MAX_MESSAGE_CHARACTERS } from "../model/bounds";
import type { Outcome, FailureReason, Task } from "../model/define";

/**
 * D1's trouble costs a task no attempt until the task has met it for this long and this often in a
 * row. Then its own SQL may be what D1 chokes on, and it has to end. A day of trouble fails nothing.
 */
const TROUBLE_PATIENCE = { ms: 2 * 86_400_000, deferrals: 100 };

/** Crash says what kept a handler from answering; a "defer" is not its task's doing. */
export interface Crash {
  kind: "retry" | "defer";
  reason: FailureReason;
}

/** Returns what a crash means for a task of the run. */
export function outcomeOf({ kind, reason }: Crash, task: Task<unknown>, now: number): Outcome {
  const { startedAt, deferrals } = task;
  const isPatient =
    deferrals < TROUBLE_PATIENCE.deferrals || now - startedAt <= TROUBLE_PATIENCE.ms;
  return { kind: isPatient ? kind : "retry", reason };
}

export interface Limits {
  timeoutMs: number;
  /** An abort of this controller stops the run. */
  controller: AbortController;
  db: D1Database;
  clock: Clock;
}

/**
 * Runs a handler until it ends, its timeout passes, or its controller is aborted. A timeout that
 * passed while D1 failed is D1's fault. A handler that ignores its signal is left behind: the lease
 * fences whatever it still does in D1.
 */
export async function invoke<T>(
  { timeoutMs, controller, db, clock }: Limits,
  handler: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, Crash>> {
  const { signal } = controller;
  const since = clock();
  const timeout = new Error(`The task did not end within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => controller.abort(timeout), timeoutMs);
  const stopped = new Promise<Refused<Crash>>((resolve) => {
    signal.addEventListener("abort", () => {
      const message = messageOf(signal.reason);
      if (signal.reason !== timeout) {
        resolve(new Refused({ kind: "retry", reason: { code: "stopped", message } }));
      } else if (isTroubledSince(db, since, clock())) {
        resolve(new Refused({ kind: "defer", reason: { code: "database_unavailable", message } }));
      } else {
        resolve(new Refused({ kind: "retry", reason: { code: "timeout", message } }));
      }
    });
  });
  try {
    return await Promise.race([handler(signal), stopped]);
  } catch (error) {
    const message = messageOf(error);
    return troubleBehind(error)
      ? new Refused({ kind: "defer", reason: { code: "database_unavailable", message } })
      : new Refused({
          kind: "retry",
          reason: { code: "crashed", message, traceback: tracebackOf(error) },
        });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Makes a crash of what is no outcome or no JSON, which would keep the whole lease from settling.
 */
export function storable(outcome: Outcome): Outcome {
  try {
    JSON.stringify(outcome);
    if (!isOutcome(outcome)) {
      throw new Error("The handler's answer is not an outcome");
    }
    return outcome;
  } catch (error) {
    return crashed(messageOf(error));
  }
}

export function crashed(message: string): Outcome {
  return { kind: "retry", reason: { code: "crashed", message } };
}

/** An outcome is checked as it runs, since a module may not have been type checked. */
function isOutcome(outcome: Partial<Record<string, unknown>> | null | undefined): boolean {
  const { code, message } = (outcome?.["reason"] ?? {}) as Partial<FailureReason>;
  switch (outcome?.["kind"]) {
    case "done":
    case "continue":
      return true;
    case "reject":
    case "retry":
    case "defer":
      return (
        typeof code === "string" &&
        typeof message === "string" &&
        Number.isFinite(outcome["delayMs"] ?? 0)
      );
    default:
      return false;
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return cutText(text, MAX_MESSAGE_CHARACTERS);
}

/** Returns the stack of an error, followed by those of the errors that caused it. */
function tracebackOf(thrown: unknown): string | undefined {
  const stacks = causesOf(thrown).map((error) => error.stack ?? String(error));
  return stacks.length === 0 ? undefined : stacks.join("\n\nCaused by: ");
}

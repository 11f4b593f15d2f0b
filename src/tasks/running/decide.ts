import { sizeOf } from "../../db/chunks";
import { backoff, MAX_MESSAGE_WAIT_MS } from "../model/backoff";
import { keptJson } from "../../lib/kept-json";
import { charactersOf, cutMiddle, cutText, isLonger } from "../../lib/cut-text";
import {
  MAX_CHECKPOINT_BYTES,
  MAX_DETAIL_CHARACTERS,
  MAX_JSON_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  MAX_TRACEBACK_CHARACTERS,
} from "../model/bounds";
import type { LeaseContext, FailureReason } from "../model/define";
import { SENT_GRACE_MS } from "../model/queues";
import type { StoredStatus } from "../model/states";
import { extendTimeline, type TimelineEvent } from "../model/timeline";
import type { HeldLease } from "./claim";
import type { Ran, RanTask } from "./run";

/** Transition is what a row becomes if the lease still holds it. */
export interface Transition {
  id: string;
  status: StoredStatus;
  attempts: number;
  deferrals: number;
  suspect: 0 | 1;
  ready_at: number;
  /**
   * "kept": the message at hand returns; "new": the next slice gets one; "none": recovery sends it.
   */
  sent: "kept" | "none" | "new";
  check_at: number;
  started_at: number;
  finished_at: number | null;
  result: unknown;
  code: string | null;
  message: string | null;
  detail: Record<string, unknown> | null;
  traceback: string | null;
  timeline: TimelineEvent[];
  /** The next run's checkpoint; null leaves the row's as it is, which the run may have saved. */
  checkpoint: { left: unknown } | null;
}

/** DecidedTask is a task that has run, with what is to become of it. */
export interface DecidedTask extends RanTask {
  transition: Transition;
}

/** Decided is a lease whose tasks have run: it adds what their rows become, and as of when. */
export interface Decided extends Ran {
  tasks: DecidedTask[];
  /** The time of the decision, in Unix milliseconds. */
  at: number;
}

/** Moment is what a decision depends on besides the task. */
interface Moment {
  env: Env;
  lease: Pick<HeldLease, "since" | "worker">;
  now: number;
  /** A random number from 0 up to 1. */
  random: number;
}

export function decideAll({ lease, tasks }: Ran, { env, clock, chance }: LeaseContext): Decided {
  const now = clock();
  const decided = tasks.map((task) => {
    const transition = decide(task, { env, lease, now, random: chance() });
    return { ...task, transition };
  });
  return { lease, tasks: decided, at: now };
}

/** Decides what an outcome makes of a task, which nothing else does. */
export function decide(
  { row, outcome, definition }: RanTask,
  { env, lease, now, random }: Moment,
): Transition {
  const base: Transition = {
    id: row.id,
    status: "RETRY",
    attempts: row.attempts,
    deferrals: 0,
    suspect: 0,
    ready_at: now,
    sent: "kept",
    check_at: now + SENT_GRACE_MS,
    started_at: row.started_at ?? lease.since,
    finished_at: null,
    result: null,
    code: null,
    message: null,
    detail: null,
    traceback: null,
    timeline: [],
    checkpoint: null,
  };
  const stages = outcome === "suspect" ? [] : (outcome.stages ?? []);
  const started = { at: lease.since, event: "started", worker: lease.worker };
  const ended = (event?: TimelineEvent) =>
    extendTimeline(row.timeline, [started, ...stages, ...(event ? [event] : [])]);
  const final = (status: "SUCCESS" | "FAILURE", reason?: FailureReason): Transition => ({
    ...base,
    status,
    attempts: row.attempts + 1,
    finished_at: now,
    timeline: ended(),
    ...reasonColumns(reason),
  });
  const wait = (
    event: string,
    ms: number,
    reason: FailureReason,
    counted: Partial<Transition>,
  ): Transition => ({
    ...base,
    ...counted,
    ready_at: now + ms,
    ...(ms > MAX_MESSAGE_WAIT_MS
      ? { sent: "none" as const, check_at: now + ms }
      : { check_at: now + ms + SENT_GRACE_MS }),
    timeline: ended({ at: now, event, code: reason.code, until: now + ms }),
    ...reasonColumns(reason),
    ...checkpointOf(outcome),
  });

  if (outcome === "suspect") {
    const reason = { code: "batch_crashed", message: "The batch it ran in crashed; it runs alone" };
    return { ...wait("suspected", 0, reason, { deferrals: row.deferrals }), suspect: 1 };
  }
  const carried = sizeOf(JSON.stringify(checkpointOf(outcome)?.checkpoint?.left ?? null));
  if (carried > MAX_CHECKPOINT_BYTES) {
    const message = `The checkpoint has ${carried} bytes; at most ${MAX_CHECKPOINT_BYTES} are kept`;
    return final("FAILURE", { code: "checkpoint_too_large", message });
  }
  switch (outcome.kind) {
    case "done": {
      const result = outcome.result ?? null;
      const text = JSON.stringify(result);
      if (isLonger(text, MAX_JSON_CHARACTERS)) {
        const message = `The result has ${charactersOf(text)} characters; at most ${MAX_JSON_CHARACTERS} are kept`;
        return final("FAILURE", { code: "result_too_large", message });
      }
      return { ...final("SUCCESS"), result };
    }
    case "reject":
      return final("FAILURE", outcome.reason);
    case "retry": {
      const attempts = row.attempts + 1;
      if (attempts >= row.max_attempts || !definition) {
        return final("FAILURE", outcome.reason);
      }
      const ms = backoff(definition.retry(env), attempts, random);
      return wait("retry", ms, outcome.reason, { attempts });
    }
    case "defer": {
      const deferrals = row.deferrals + 1;
      const policy = definition?.deferral ?? { baseMs: 10_000, maxMs: 300_000 };
      const ms = outcome.delayMs ?? backoff(policy, deferrals, random);
      return wait("defer", ms, outcome.reason, { deferrals });
    }
    case "continue":
      return {
        ...base,
        status: "PENDING",
        sent: "new",
        checkpoint: { left: outcome.checkpoint ?? null },
        timeline: ended({ at: now, event: "continue" }),
      };
    default:
      return outcome satisfies never;
  }
}

function checkpointOf(outcome: RanTask["outcome"]): Pick<Transition, "checkpoint"> | undefined {
  return outcome !== "suspect" && "checkpoint" in outcome && outcome.checkpoint !== undefined
    ? { checkpoint: { left: outcome.checkpoint } }
    : undefined;
}

function keptDetail(detail: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(detail);
  return isLonger(text, MAX_DETAIL_CHARACTERS)
    ? (JSON.parse(keptJson(text, MAX_DETAIL_CHARACTERS)) as Record<string, unknown>)
    : detail;
}

function reasonColumns(
  reason?: FailureReason,
): Pick<Transition, "code" | "message" | "detail" | "traceback"> {
  return {
    code: reason?.code ?? null,
    message: reason ? cutText(reason.message, MAX_MESSAGE_CHARACTERS) : null,
    detail: reason?.detail ? keptDetail(reason.detail) : null,
    traceback: reason?.traceback ? cutMiddle(reason.traceback, MAX_TRACEBACK_CHARACTERS) : null,
  };
}

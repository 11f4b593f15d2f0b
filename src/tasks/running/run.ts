import { isTroubledSince } from "../../db/guarded";
import { troubleBehind } from "../../db/trouble";
import { causesOf } from "../../lib/causes";
import type { Clock } from "../../lib/clock";
import { parseExact } from "../../lib/exact-json";
import { cutText } from "../../lib/cut-text";
import { MAX_MESSAGE_CHARACTERS } from "../model/bounds";
import type { ClaimedRow } from "./claim";
import type {
  BatchTask,
  Outcome,
  Reason,
  RunContext,
  SingleTask,
  Task,
  TaskDefinition,
} from "../model/define";
import { readInput } from "../accepting/input";
import { watchHeld } from "../model/leases";
import { leaveToNewer } from "./newer";
import { changeOf, publish } from "../model/publish";
import { SMALL_BATCH } from "../model/small-batch";
import { startRun } from "./running-task";
import type { TimelineEvent } from "../model/timeline";
import { timeoutOf } from "../model/timeout";

/** What running a claimed batch came to. `suspects` are to be run again, each alone. */
export interface RunResult {
  outcomes: Map<string, Outcome>;
  /** What the definition's `commit` stores, by task id. */
  stored: Map<string, unknown>;
  /** Tasks of a batch whose handler threw: nobody knows for which of them. */
  suspects: Set<string>;
}

/** The claimed tasks of one definition, and the lease that holds them. */
export interface Claimed {
  rows: ClaimedRow[];
  token: string;
}

type Context = Omit<RunContext, "signal">;

/**
 * D1's trouble costs no attempt, until a task has met it for so long, and so often in a row: then it
 * may be its own SQL that D1 chokes on, and has to end. A day of trouble must fail nothing.
 */
const TROUBLE_PATIENCE = { ms: 2 * 86_400_000, deferrals: 100 };

/**
 * Runs claimed tasks of one definition. Never throws: a handler that does has crashed. Alone, the
 * task is to blame and loses an attempt; in a batch all become suspects and none does. Where D1
 * failed nobody is to blame.
 */
export async function runTasks(
  definition: TaskDefinition,
  { rows, token }: Claimed,
  context: Context,
): Promise<RunResult> {
  const result: RunResult = { outcomes: new Map(), stored: new Map(), suspects: new Set() };
  const tasks = new Map<ClaimedRow, Task<unknown>>();
  for (const row of rows) {
    const read = readInput(definition, row.input);
    if ("input" in read) {
      tasks.set(row, toTask(row, read.input, context.clock()));
    } else {
      const message = read.field === "" ? read.message : `${read.field}: ${read.message}`;
      const reason = { code: "invalid_input", message };
      const outcome: Outcome = { kind: "reject", reason };
      result.outcomes.set(
        row.id,
        read.isUnknown ? leaveToNewer(row, reason, context.clock()) : outcome,
      );
    }
  }
  if (tasks.size === 0) {
    return result;
  }
  if (definition.kind === "single") {
    await runEach(definition, tasks, token, context, result);
  } else {
    await runBatch(definition, [...tasks.values()], context, result);
  }
  return result;
}

/** Runs each task by itself; one whose lease no longer holds it is told to stop. */
async function runEach(
  definition: SingleTask,
  tasks: Map<ClaimedRow, Task<unknown>>,
  token: string,
  context: Context,
  result: RunResult,
): Promise<void> {
  const controllers = new Map([...tasks.keys()].map(({ id }) => [id, new AbortController()]));
  const stopWatching = watchHeld(context.env.DB, token, (held) => {
    for (const [id, controller] of controllers) {
      if (!held.has(id)) {
        controller.abort(new Error("The task was cancelled"));
      }
    }
  });
  await Promise.all(
    [...tasks].map(async ([row, task]) => {
      const { env, clock } = context;
      const run = startRun(task, row, env.DB, token, clock, (progress, step) => {
        void publish(env, () => [changeOf(row, { status: "PROGRESS", progress, step })]);
      });
      const controller = controllers.get(row.id) ?? new AbortController();
      const outcome = await guard(timeoutOf(definition, row), controller, env.DB, clock, (signal) =>
        definition.run(run.task, { ...context, signal }),
      );
      await run.save().catch(() => undefined); // not held any more: nothing of this run counts
      // The platform's clock stands still while code computes, and moves with an event: without one,
      // a task that only computes would have taken no time.
      await scheduler.wait(0);
      result.outcomes.set(
        row.id,
        outcome instanceof Crash ? outcome.outcome(task, clock()) : storable(outcome),
      );
    }),
  );
  stopWatching();
}

async function runBatch(
  definition: BatchTask,
  tasks: Task<unknown>[],
  context: Context,
  result: RunResult,
): Promise<void> {
  const { env, clock } = context;
  const passed = (stages: ReadonlyMap<string, readonly TimelineEvent[]>) =>
    tellStages(definition, tasks, stages, env);
  const batch = await guard(definition.timeoutMs, new AbortController(), env.DB, clock, (signal) =>
    definition.runBatch(tasks, { ...context, signal, passed }),
  );
  if (!(batch instanceof Crash)) {
    result.stored = batch.stored;
    for (const task of tasks) {
      result.outcomes.set(task.id, storable(batch.outcomes.get(task.id) ?? forgotten(task)));
    }
  } else if (tasks.length === 1 || batch.kind === "defer") {
    const now = clock();
    tasks.forEach((task) => result.outcomes.set(task.id, batch.outcome(task, now)));
  } else {
    tasks.forEach((task) => result.suspects.add(task.id));
  }
}

/** One call a stage, so only for batches a person can watch. */
function tellStages(
  { module }: BatchTask,
  tasks: Task<unknown>[],
  stages: ReadonlyMap<string, readonly TimelineEvent[]>,
  env: Env,
): void {
  if (tasks.length <= SMALL_BATCH) {
    void publish(env, () =>
      tasks.map((task) => {
        const done = (stages.get(task.id) ?? []).map(({ event }) => event);
        return changeOf({ ...task, module }, { status: "STARTED", stages: done });
      }),
    );
  }
}

class Crash {
  constructor(
    readonly code: string,
    readonly message: string,
    /** A "defer" is not the task's doing. */
    readonly kind: "retry" | "defer" = "retry",
    readonly traceback?: string,
  ) {}

  outcome({ startedAt, deferrals }: Task<unknown>, now: number): Outcome {
    const isPatient =
      deferrals < TROUBLE_PATIENCE.deferrals || now - startedAt <= TROUBLE_PATIENCE.ms;
    const kind = isPatient ? this.kind : "retry";
    const { code, message, traceback } = this;
    return { kind, reason: { code, message, traceback } };
  }
}

/**
 * Runs a handler until it ends, its timeout passes, or `controller` is aborted; what it throws, or
 * being stopped, comes back as a Crash. A timeout that passed while D1 failed is D1's. A handler that
 * ignores its signal is left behind: whatever it still does in D1 is fenced by the lease.
 */
async function guard<T>(
  timeoutMs: number,
  controller: AbortController,
  db: D1Database,
  clock: Clock,
  handler: (signal: AbortSignal) => Promise<T>,
): Promise<T | Crash> {
  const { signal } = controller;
  const since = clock();
  const timeout = new Error(`The task did not end within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => controller.abort(timeout), timeoutMs);
  const stopped = new Promise<Crash>((resolve) => {
    signal.addEventListener("abort", () => {
      const message = messageOf(signal.reason);
      if (signal.reason !== timeout) {
        resolve(new Crash("stopped", message));
      } else if (isTroubledSince(db, since, clock())) {
        resolve(new Crash("database_unavailable", message, "defer"));
      } else {
        resolve(new Crash("timeout", message));
      }
    });
  });
  try {
    return await Promise.race([handler(signal), stopped]);
  } catch (error) {
    return troubleBehind(error)
      ? new Crash("database_unavailable", messageOf(error), "defer")
      : new Crash("crashed", messageOf(error), "retry", tracebackOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** What is no outcome, or JSON cannot hold, would keep the whole lease from settling. */
function storable(outcome: Outcome): Outcome {
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

/** Handlers are typed, but a module may not be. */
function isOutcome(outcome: Partial<Record<string, unknown>> | null | undefined): boolean {
  const { code, message } = (outcome?.["reason"] ?? {}) as Partial<Reason>;
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

function forgotten(task: Task<unknown>): Outcome {
  return crashed(`The handler gave no outcome for task ${task.id}`);
}

function crashed(message: string): Outcome {
  return { kind: "retry", reason: { code: "crashed", message } };
}

export function toTask(
  row: Omit<ClaimedRow, "input">,
  input: unknown,
  now = Date.now(),
): Task<unknown> {
  return {
    id: row.id,
    name: row.name,
    subject: row.subject,
    user: row.user,
    input,
    attempt: row.attempts + 1,
    deferrals: row.deferrals,
    createdAt: row.created_at,
    startedAt: row.started_at ?? now,
    checkpoint: row.checkpoint === null ? null : parseExact(row.checkpoint),
  };
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return cutText(text, MAX_MESSAGE_CHARACTERS);
}

/** With the errors that caused it. */
function tracebackOf(thrown: unknown): string | undefined {
  const stacks = causesOf(thrown).map((error) => error.stack ?? String(error));
  return stacks.length === 0 ? undefined : stacks.join("\n\nCaused by: ");
}

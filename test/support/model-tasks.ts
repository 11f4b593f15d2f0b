import { sql } from "../../src/db/sql";
import { z } from "zod";
import type {
  BatchTask,
  Outcome,
  RunContext,
  SingleTask,
  Task,
} from "../../src/tasks/model/define";
import { HELD } from "../../src/tasks/model/leases";
import { MAX_TIMEOUT_MS } from "../../src/tasks/model/timeout";
import type { Life, Step } from "./model-plans";

/** The input is a task's place among the world's lives. */
type Input = { n: number };

/**
 * A `batch` task writes a row here as it succeeds: nothing but the engine keeps it from writing a
 * second.
 */
export const EFFECTS = "CREATE TABLE IF NOT EXISTS effects (task_id TEXT NOT NULL)";

const base = {
  module: "model",
  description: "",
  queue: "orders",
  input: z.custom<Input>(),
  retry: () => ({ attempts: 3, baseMs: 10_000, maxMs: 300_000 }),
  deferral: { baseMs: 10_000, maxMs: 300_000 },
  timeoutMs: MAX_TIMEOUT_MS,
  startedBy: null,
} as const;

interface Hooks {
  /** A handler is about to run. */
  enter(env: Env): Promise<void>;
  /** The worker dies: the promise never resolves while it matters. */
  die(env: Env): Promise<void>;
}

/** Makes two definitions whose tasks do what their lives' scripts say. */
export function modelTasks(
  lives: readonly Life[],
  hooks: Hooks,
): { single: SingleTask<Input>; batch: BatchTask<Input, string> } {
  const run = async (task: Task<Input>, { env }: RunContext): Promise<Outcome> => {
    const life = lives[task.input.n];
    if (!life || life.plan.kind === "order" || life.plan.kind === "tracked") {
      throw new Error("a run of what is no task of the model");
    }
    const step = life.plan.script[life.runs] ?? "done";
    life.runs += 1;
    life.taken.push(step);
    if (step === "die") {
      await hooks.die(env);
    }
    return outcomeOf(step);
  };
  return {
    single: {
      ...base,
      kind: "single",
      name: "model.single",
      run: async (task, context) => {
        await hooks.enter(context.env);
        return run(task, context);
      },
    },
    batch: {
      ...base,
      kind: "batch",
      name: "model.batch",
      commit: {
        insert: [
          sql(`INSERT INTO effects (task_id)
            SELECT value FROM json_each(:rows) WHERE value IN (${HELD})`),
        ],
        conflict: "NULL",
        row: (_stored, taskId) => taskId,
      },
      runBatch: async (tasks, context) => {
        await hooks.enter(context.env);
        const outcomes = new Map<string, Outcome>();
        const stored = new Map<string, string>();
        for (const task of tasks) {
          const outcome = await run(task, context);
          outcomes.set(task.id, outcome);
          if (outcome.kind === "done") {
            stored.set(task.id, task.id);
          }
        }
        return { outcomes, stored };
      },
    },
  };
}

const reason = { code: "because", message: "Its script says so" };

function outcomeOf(step: Step): Outcome {
  switch (step) {
    case "done":
      return { kind: "done", result: { well: true } };
    case "reject":
    case "retry":
      return { kind: step, reason };
    case "defer a little":
      return { kind: "defer", reason, delayMs: 5000 };
    case "defer for long":
      return { kind: "defer", reason, delayMs: 90_000 };
    case "continue":
      return { kind: "continue", checkpoint: { slices: 1 } };
    case "throw":
    case "die":
      throw new Error(step);
    default:
      return step satisfies never;
  }
}

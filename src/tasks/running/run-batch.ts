import { isRefused } from "../../lib/result";
import type { BatchTask, LeaseContext, Task } from "../model/define";
import { publish, taskChange } from "../model/publish";
import { SMALL_BATCH } from "../model/small-batch";
import type { TimelineEvent } from "../model/timeline";
import { crashed, invoke, outcomeOf, storable } from "./invoke";
import type { Ended, Readable } from "./task";

/**
 * Runs tasks together. If their handler crashes, a task that was alone is to blame and loses an
 * attempt. Of several tasks nobody knows which it was: all become suspects, and lose none.
 */
export async function runBatch(
  definition: BatchTask,
  readable: readonly Readable[],
  context: LeaseContext,
): Promise<Ended[]> {
  const { env, clock } = context;
  const tasks = readable.map(({ task }) => task);
  const passed = (stages: ReadonlyMap<string, readonly TimelineEvent[]>) =>
    tellStages(definition, tasks, stages, env);
  const { timeoutMs } = definition;
  const limits = { timeoutMs, controller: new AbortController(), db: env.DB, clock };
  const answer = await invoke(limits, (signal) =>
    definition.runBatch(tasks, { ...context, signal, passed }),
  );
  if (isRefused(answer)) {
    const crash = answer.why;
    const isClear = tasks.length === 1 || crash.kind === "defer";
    const now = clock();
    return readable.map(({ row, task }) => ({
      row,
      outcome: isClear ? outcomeOf(crash, task, now) : "suspect",
    }));
  }
  const { outcomes, stored } = answer;
  return readable.map(({ row }) => ({
    row,
    outcome: storable(outcomes.get(row.id) ?? forgotten(row.id)),
    ...(stored.has(row.id) && { stored: { value: stored.get(row.id) } }),
  }));
}

/** Publishes completed stages, a call a stage, so only for batches that a person can watch. */
function tellStages(
  { module }: BatchTask,
  tasks: readonly Task<unknown>[],
  stages: ReadonlyMap<string, readonly TimelineEvent[]>,
  env: Env,
): void {
  if (tasks.length <= SMALL_BATCH) {
    void publish(env, () =>
      tasks.map((task) => {
        const done = (stages.get(task.id) ?? []).map(({ event }) => event);
        return taskChange({ ...task, module }, { status: "STARTED", stages: done });
      }),
    );
  }
}

function forgotten(id: string): ReturnType<typeof crashed> {
  return crashed(`The handler gave no outcome for task ${id}`);
}

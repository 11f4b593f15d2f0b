import { isRefused } from "../../lib/result";
import type { LeaseContext, SingleTask } from "../model/define";
import { watchHeld } from "../model/leases";
import { publish, taskChange } from "../model/publish";
import { timeoutOf } from "../model/timeout";
import type { HeldLease } from "./claim";
import { invoke, outcomeOf, storable } from "./invoke";
import { startRun } from "./running-task";
import type { Ended, Readable } from "./task";

interface Stoppable extends Readable {
  controller: AbortController;
}

/** Runs each task by itself, and tells one that its lease no longer holds to stop. */
export async function runSingles(
  definition: SingleTask,
  readable: readonly Readable[],
  lease: HeldLease,
  context: LeaseContext,
): Promise<Ended[]> {
  const tasks = readable.map((task) => ({ ...task, controller: new AbortController() }));
  const stopWatching = watchHeld(context.env.DB, lease.token, (held) => {
    for (const { row, controller } of tasks) {
      if (!held.has(row.id)) {
        controller.abort(new Error("The task was cancelled"));
      }
    }
  });
  const ended = await Promise.all(tasks.map((task) => runSingle(definition, task, lease, context)));
  stopWatching();
  return ended;
}

async function runSingle(
  definition: SingleTask,
  { row, task, controller }: Stoppable,
  { token }: HeldLease,
  context: LeaseContext,
): Promise<Ended> {
  const { env, clock } = context;
  const run = startRun({ row, task, token }, env.DB, clock, (progress, step) => {
    void publish(env, () => [taskChange(row, { status: "PROGRESS", progress, step })]);
  });
  const limits = { timeoutMs: timeoutOf(definition, row), controller, db: env.DB, clock };
  const answer = await invoke(limits, (signal) => definition.run(run.task, { ...context, signal }));
  await run.save().catch(() => undefined); // It rejects when the lease is lost.
  // The platform's clock stands still while code computes and moves with an event. Without one here, a
  // task that only computes would seem to have taken no time.
  await scheduler.wait(0);
  const outcome = isRefused(answer) ? outcomeOf(answer.why, task, clock()) : storable(answer);
  return { row, outcome };
}

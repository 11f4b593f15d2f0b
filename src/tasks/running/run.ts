import { isRefused } from "../../lib/result";
import type { LeaseContext, TaskDefinition } from "../model/define";
import type { Claimed, ClaimedRow, HeldLease } from "./claim";
import { runBatch } from "./run-batch";
import { runSingles } from "./run-singles";
import { type Ended, readTask, unknownTask } from "./task";

/** RanTask is a claimed task with how its run ended. */
export interface RanTask extends Ended {
  definition: TaskDefinition | undefined;
}

/** Ran is a lease whose tasks have run: it adds how each run ended. */
export interface Ran {
  lease: HeldLease;
  tasks: RanTask[];
}

/**
 * Runs each definition's share of the lease, all at once, so that they take as long as the longest. A
 * handler that throws has crashed, unless D1 failed, for which no task is to blame.
 */
export async function run({ lease, claimed }: Claimed, context: LeaseContext): Promise<Ran> {
  const shares = Map.groupBy(claimed, ({ name }) => name);
  const ran = await Promise.all(
    [...shares].map(async ([name, rows]) => {
      const definition = context.engine.find(name);
      const ended = definition
        ? await runShare(definition, rows, lease, context)
        : rows.map((row) => ({ row, outcome: unknownTask(row, context.clock()) }));
      return ended.map((task): RanTask => ({ ...task, definition }));
    }),
  );
  return { lease, tasks: ran.flat() };
}

async function runShare(
  definition: TaskDefinition,
  rows: readonly ClaimedRow[],
  lease: HeldLease,
  context: LeaseContext,
): Promise<Ended[]> {
  const read = rows.map((row) => readTask(row, definition, context.clock()));
  const readable = read.flatMap((task) => (isRefused(task) ? [] : [task]));
  const unreadable = read.flatMap((task) => (isRefused(task) ? [task.why] : []));
  if (readable.length === 0) {
    return unreadable;
  }
  const ended =
    definition.kind === "single"
      ? await runSingles(definition, readable, lease, context)
      : await runBatch(definition, readable, context);
  return [...unreadable, ...ended];
}

import type { ClaimedRow } from "./claim";
import type { BatchResult, Outcome, RunContext, Task, TaskDefinition } from "./define";

/** What running a claimed batch came to. `suspects` are to be run again, each alone. */
export interface RunResult {
  outcomes: Map<string, Outcome>;
  /** What the definition's `commit` stores, by task id. */
  stored: Map<string, unknown>;
  /** Tasks of a batch whose handler threw: nobody knows for which of them. */
  suspects: Set<string>;
}

/**
 * Runs claimed tasks of one definition. Never throws: a handler that does has crashed. Alone, the
 * task is to blame and loses an attempt; in a batch all become suspects and none does.
 */
export async function runTasks(
  definition: TaskDefinition,
  rows: readonly ClaimedRow[],
  context: Omit<RunContext, "signal">,
): Promise<RunResult> {
  const result: RunResult = { outcomes: new Map(), stored: new Map(), suspects: new Set() };
  const tasks: Task<unknown>[] = [];
  for (const row of rows) {
    try {
      tasks.push(toTask(row, definition.parse(JSON.parse(row.input))));
    } catch (error) {
      const reason = { code: "invalid_input", message: messageOf(error) };
      result.outcomes.set(row.id, { kind: "reject", reason });
    }
  }
  if (tasks.length === 0) {
    return result;
  }
  if ("run" in definition) {
    await Promise.all(
      tasks.map(async (task) => {
        const outcome = await guard(definition, (signal) =>
          definition.run(task, { ...context, signal }),
        );
        result.outcomes.set(
          task.id,
          outcome instanceof Crash ? outcome.retry() : storable(outcome),
        );
      }),
    );
    return result;
  }
  const batch = await guard<BatchResult<unknown>>(definition, (signal) =>
    definition.runBatch(tasks, { ...context, signal }),
  );
  if (!(batch instanceof Crash)) {
    result.stored = batch.stored;
    for (const task of tasks) {
      result.outcomes.set(task.id, storable(batch.outcomes.get(task.id) ?? forgotten(task)));
    }
  } else if (tasks.length === 1) {
    tasks.forEach((task) => result.outcomes.set(task.id, batch.retry()));
  } else {
    tasks.forEach((task) => result.suspects.add(task.id));
  }
  return result;
}

class Crash {
  constructor(
    readonly code: string,
    readonly message: string,
  ) {}

  retry(): Outcome {
    return { kind: "retry", reason: { code: this.code, message: this.message } };
  }
}

/** Runs a handler under its timeout; what it throws, or a timeout, comes back as a Crash. */
async function guard<T>(
  definition: TaskDefinition,
  handler: (signal: AbortSignal) => Promise<T>,
): Promise<T | Crash> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<Crash>((resolve) => {
    timer = setTimeout(() => {
      const seconds = definition.timeoutMs / 1000;
      resolve(new Crash("timeout", `The task did not end within ${seconds} s`));
      controller.abort();
    }, definition.timeoutMs);
  });
  try {
    return await Promise.race([handler(controller.signal), timeout]);
  } catch (error) {
    return new Crash("crashed", messageOf(error));
  } finally {
    clearTimeout(timer ?? null);
  }
}

/** An outcome JSON cannot hold would keep the whole lease from settling. */
function storable(outcome: Outcome): Outcome {
  try {
    JSON.stringify(outcome);
    return outcome;
  } catch (error) {
    return new Crash("crashed", messageOf(error)).retry();
  }
}

function forgotten(task: Task<unknown>): Outcome {
  const message = `The handler gave no outcome for task ${task.id}`;
  return { kind: "retry", reason: { code: "crashed", message } };
}

function toTask(row: ClaimedRow, input: unknown): Task<unknown> {
  return {
    id: row.id,
    name: row.name,
    subject: row.subject,
    input,
    attempt: row.attempts + 1,
    deferrals: row.deferrals,
    createdAt: row.created_at,
    startedAt: row.started_at ?? Date.now(),
    checkpoint: row.checkpoint === null ? null : JSON.parse(row.checkpoint),
  };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500).toWellFormed();
}

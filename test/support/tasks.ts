import { z } from "zod";
import type { ClaimedRow } from "../../src/tasks/running/claim";
import type { SingleTask } from "../../src/tasks/model/define";

/** Makes a task's row as a claim returns it, on its first run unless told otherwise. */
export function aClaimedRow(overrides: Partial<ClaimedRow> = {}): ClaimedRow {
  return {
    id: "0190a5e0-0000-7000-8000-000000000000",
    name: "test.run",
    module: "test",
    subject: null,
    user: null,
    finished_steps: null,
    input: "{}",
    attempts: 0,
    max_attempts: 3,
    deferrals: 0,
    created_at: 0,
    started_at: null,
    timeline: null,
    checkpoint: null,
    progress: null,
    timeout_ms: null,
    notify: null,
    ...overrides,
  };
}

/** Makes a task's definition; what it runs does nothing. */
export function aDefinition(overrides: Partial<SingleTask> = {}): SingleTask {
  return {
    kind: "single",
    name: "test.run",
    module: "test",
    description: "Runs in a test",
    queue: "tasks",
    input: z.unknown(),
    retry: () => ({ attempts: 3, baseMs: 10_000, maxMs: 300_000 }),
    deferral: { baseMs: 10_000, maxMs: 300_000 },
    timeoutMs: 1000,
    startedBy: null,
    run: () => Promise.resolve({ kind: "done" }),
    ...overrides,
  };
}

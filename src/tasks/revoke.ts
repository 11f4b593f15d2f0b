import { parseExact } from "../lib/exact-json";
import type { ClaimedRow } from "./claim";
import type { TaskDefinition } from "./define";
import { toTask } from "./run";

const READ = `
SELECT id, name, module, subject, user, input, attempts, max_attempts, deferrals, created_at,
  started_at, timeline, checkpoint, finished_steps, progress, timeout_ms, notify
FROM tasks WHERE id = ?1 AND status = 'REVOKED'`;

/** Lets a cancelled task's definition undo what the task did outside D1. */
export async function undoRevoked(env: Env, definition: TaskDefinition, id: string): Promise<void> {
  if (!("run" in definition) || !definition.onRevoke) {
    return;
  }
  const row = await env.DB.prepare(READ).bind(id).first<ClaimedRow>();
  if (row) {
    await definition.onRevoke(toTask(row, definition.input.parse(parseExact(row.input))), env);
  }
}

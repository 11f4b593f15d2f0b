import { sql } from "../../db/sql";
import { log } from "../../log";
import { parseExact } from "../../lib/exact-json";
import type { ClaimedRow } from "./claim";
import type { SingleTask, TaskDefinition } from "../model/define";
import { toTask } from "./task";

/**
 * Only this many tasks are undone at a time, as each may have a million characters of checkpoint.
 */
export const UNDONE_AT_ONCE = 10;

const READ = sql(`
SELECT t.id, t.name, t.module, t.subject, t.user, t.input, t.attempts, t.max_attempts, t.deferrals,
  t.created_at, t.started_at, t.timeline, t.checkpoint, t.finished_steps, t.progress, t.timeout_ms,
  t.notify
FROM json_each(:ids) m JOIN tasks t ON t.id = m.value WHERE t.status = 'REVOKED'`);

type Undoing = SingleTask & Required<Pick<SingleTask, "onRevoke">>;

/** Tells whether a cancelled task of this definition may have something to undo. */
export function canUndo(definition: TaskDefinition | undefined): definition is Undoing {
  return definition?.kind === "single" && definition.onRevoke !== undefined;
}

/** Lets the definition of cancelled tasks undo what they did outside D1. Never throws. */
export async function undoRevoked(
  env: Env,
  definition: TaskDefinition,
  ids: readonly string[],
): Promise<void> {
  for (let start = 0; canUndo(definition) && start < ids.length; start += UNDONE_AT_ONCE) {
    const some = ids.slice(start, start + UNDONE_AT_ONCE);
    await undo(env, definition, some).catch((error: unknown) => {
      log.warn("task.undo_failed", { taskIds: some, message: String(error) });
    });
  }
}

async function undo(env: Env, definition: Undoing, ids: readonly string[]): Promise<void> {
  const { results } = await READ.on(env.DB, { ids: JSON.stringify(ids) }).all<ClaimedRow>();
  await Promise.all(
    results.map(async (row) => {
      try {
        await definition.onRevoke(toTask(row, definition.input.parse(parseExact(row.input))), env);
      } catch (error) {
        log.warn("task.undo_failed", { taskIds: [row.id], message: String(error) });
      }
    }),
  );
}

/**
 * An action is what people do to tasks. It is one transaction whatever the number of tasks, so a
 * restart loses nothing of it. Tasks whose state does not allow it are left as they are. The rows
 * keep by whom and when it was done, and what was done is read back from them: after a commit that
 * D1 reported as failed, the repeat changes nothing and still finds it.
 */
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { Refused, type Result } from "../../lib/result";
import { log } from "../../log";
import { endTurn, GIVEN, given, type Turn } from "./bulk-turn";
import { countSql } from "../model/counts";
import type { Engine } from "../model/engine";
import { statusOf } from "../reading/execution";
import { LEASED } from "../model/leases";
import { type Action, DOABLE } from "./doable";
import { publish, taskChange } from "../model/publish";
import { getTask } from "../model/queries";
import type { Refusal } from "./refusals";
import { armRecovery } from "../recovery/recovery-alarm";
import { undoRevoked } from "../running/revoke";
import { sendTasks } from "../accepting/sending";
import type { TaskColumns } from "../model/schema";
import { extendTimelineSql } from "../model/timeline";
import { COUNTED_AS } from "../model/tracked-names";
import { SENT_GRACE_MS } from "../model/queues";

/** Actor says who acts, and for a discard why. */
export interface Actor {
  by: string;
  reason?: string;
  /** The id of the copy that a discarded task was replayed as. */
  replayedAs?: string;
}

/** Act resolves to the tasks it was done to. As the turn of a bulk action it is noted there too. */
type Act = (
  env: Env,
  engine: Engine,
  ids: readonly string[],
  actor: Actor,
  turn?: Turn,
) => Promise<ActedOn[]>;

type ActedOn = Pick<TaskColumns, "id" | "name" | "module" | "queue" | "subject" | "user">;

/** Makes SQL that finds what a statement did to the given tasks, by the marks it left. */
function doneSql(marks: string) {
  return sql(
    `
SELECT id, name, module, queue, subject, user FROM tasks
WHERE id IN (SELECT value FROM json_each(:given, '$.ids')) AND ${marks}`,
    ["given", "now", "by"],
  );
}

/** Makes SQL of a mark that is an event of the timeline. */
function notedSql(event: string): string {
  return `EXISTS (SELECT 1 FROM json_each(timeline) WHERE value ->> 'event' = '${event}'
    AND value ->> 'at' = :now AND value ->> 'by' = :by)`;
}

const CANCELLABLE = `id IN (${GIVEN}) AND ${DOABLE.cancel}`;
const COUNT_CANCELLED = sql(
  countSql({ revoked: "count(*)" }, `FROM tasks WHERE ${CANCELLABLE}`, COUNTED_AS),
  ["given", "now"],
);
const CANCEL = sql(
  `
UPDATE tasks SET status = 'REVOKED', finished_at = :now, error_code = 'cancelled',
  error_message = 'Cancelled', error_traceback = NULL, error_detail = json_object('by', :by)
WHERE ${CANCELLABLE}`,
  ["given", "now", "by"],
);
const CANCELLED = doneSql(
  "status = 'REVOKED' AND finished_at = :now AND error_detail ->> 'by' = :by",
);

// The holder's settle no longer reaches tasks that left its list, so what it did for them is dropped.
// An empty place stays, as the list's length tells, if the lease lapses, whether a task was alone.
const LEAVE_LEASES = sql(`
UPDATE leases SET task_ids = (
  SELECT json_group_array(iif(h.value IN (${GIVEN}), '', h.value))
  FROM json_each(leases.task_ids) h)
WHERE EXISTS (SELECT 1 FROM json_each(leases.task_ids) h WHERE h.value IN (${GIVEN}))`);

/**
 * Cancels tasks that have not ended. One that is running stores nothing from then on, and is told to
 * stop within six seconds.
 */
const cancelTasks: Act = async (env, engine, ids, { by }, turn) => {
  const list = { given: given(ids, turn) };
  const now = Date.now();
  const changed = await act(env, [
    COUNT_CANCELLED.on(env.DB, { ...list, now }),
    LEAVE_LEASES.on(env.DB, list),
    CANCEL.on(env.DB, { ...list, now, by }),
    ...endOf(env, turn),
    CANCELLED.on(env.DB, { ...list, now, by }),
  ]);
  for (const [name, group] of Map.groupBy(changed, (task) => task.name)) {
    const definition = engine.find(name);
    if (definition) {
      await undoRevoked(
        env,
        definition,
        group.map(({ id }) => id),
      );
    }
  }
  return noteAll(env, "task.cancelled", changed, by);
};

// A retry gives fresh attempts, and the timeline keeps what happened before. A failed task goes on
// after its finished steps. A cancelled one begins again, as what it had done was undone.
const RETRYABLE = `id IN (${GIVEN}) AND ${DOABLE.retry} AND id NOT IN (${LEASED})
  AND name IN (SELECT value FROM json_each(:names))`;
const COUNT_RETRIED = sql(
  countSql(
    {
      unfailed: "count(*) FILTER (WHERE status = 'FAILURE')",
      unrevoked: "count(*) FILTER (WHERE status = 'REVOKED')",
    },
    `FROM tasks WHERE ${RETRYABLE}`,
  ),
  ["given", "names", "now"],
);
const RETRY = sql(
  `
UPDATE tasks SET status = 'PENDING', attempts = 0, deferrals = 0, crashes = 0, resends = 0,
  ready_at = :now, sent_at = :now, check_at = :now + ${SENT_GRACE_MS}, finished_at = NULL,
  progress = NULL, step = NULL, discard_reason = NULL,
  checkpoint = iif(status = 'REVOKED', NULL, checkpoint),
  finished_steps = iif(status = 'REVOKED', NULL, finished_steps),
  timeline = ${extendTimelineSql("json_object('at', :now, 'event', 'resumed', 'by', :by, 'code', error_code)")},
  error_code = NULL, error_message = NULL, error_traceback = NULL, error_detail = NULL
WHERE ${RETRYABLE}`,
  ["given", "names", "now", "by"],
);
const RETRIED = doneSql(notedSql("resumed"));

/** Runs failed or cancelled tasks again, under their own ids, if their name is defined. */
const retryTasks: Act = async (env, engine, ids, { by }, turn) => {
  const names = JSON.stringify(engine.all().map(({ name }) => name));
  const list = { given: given(ids, turn) };
  const now = Date.now();
  const results = await act(env, [
    COUNT_RETRIED.on(env.DB, { ...list, now, names }),
    RETRY.on(env.DB, { ...list, now, names, by }),
    ...endOf(env, turn),
    RETRIED.on(env.DB, { ...list, now, by }),
  ]);
  await armRecovery(env);
  for (const [queue, group] of Map.groupBy(results, ({ queue }) => queue)) {
    const tasks = group.map(({ id }) => id);
    await sendTasks(env, queue, tasks);
  }
  return noteAll(env, "task.resumed", results, by, now); // A task may have ended since `now`.
};

// A discarded task stays FAILURE: the discard only says that nobody need look at it any more.
const DISCARDABLE = `id IN (${GIVEN}) AND ${DOABLE.discard}`;
const DISCARD = sql(
  `
UPDATE tasks SET discard_reason = :reason,
  timeline = ${extendTimelineSql("json_patch(json_object('at', :now, 'event', 'discarded', 'by', :by, 'reason', :reason), :copy)")}
WHERE ${DISCARDABLE}`,
  ["given", "now", "by", "reason", "copy"],
);
const DISCARDED = doneSql(`discard_reason IS NOT NULL AND ${notedSql("discarded")}`);

/** Marks failures as given up on, with the reason. */
const discardTasks: Act = async (env, _engine, ids, { by, reason = "", replayedAs }, turn) => {
  const now = Date.now();
  const copy = JSON.stringify({ replayed_as: replayedAs }); // {} without a copy.
  const list = { given: given(ids, turn) };
  const discarded = await act(env, [
    DISCARD.on(env.DB, { ...list, now, by, reason, copy }),
    ...endOf(env, turn),
    DISCARDED.on(env.DB, { ...list, now, by }),
  ]);
  return noteAll(env, "task.discarded", discarded, by);
};

/** Runs the statements of an action, the last of which finds what it was done to. */
async function act(env: Env, statements: D1PreparedStatement[]): Promise<ActedOn[]> {
  const results = await retryD1(env.DB, () => env.DB.batch<ActedOn>(statements));
  return results.at(-1)?.results ?? [];
}

function endOf({ DB }: Env, turn: Turn | undefined): D1PreparedStatement[] {
  return turn ? [endTurn(DB, turn)] : [];
}

export const ACTIONS: Record<Action, Act> = {
  cancel: cancelTasks,
  retry: retryTasks,
  discard: discardTasks,
};

/** Acts on one task, named by its id or its external id. */
export async function actOn(
  env: Env,
  engine: Engine,
  action: Action,
  id: string,
  actor: Actor,
): Promise<Result<"done", Refusal>> {
  const task = await getTask(env.DB, id);
  if (!task) {
    return new Refused({ kind: "no_task", id });
  }
  if ((await ACTIONS[action](env, engine, [task.id], actor)).length > 0) {
    return "done";
  }
  const now = await getTask(env.DB, task.id);
  return new Refused({ kind: "wrong_state", status: statusOf(now ?? task) });
}

const STATUS_AFTER = {
  "task.cancelled": "REVOKED",
  "task.resumed": "PENDING",
  "task.discarded": "FAILURE",
} as const;

async function noteAll(
  env: Env,
  event: keyof typeof STATUS_AFTER,
  changed: ActedOn[],
  by: string,
  at = Date.now(),
): Promise<ActedOn[]> {
  const status = STATUS_AFTER[event];
  if (changed.length > 0) {
    await publish(env, () => changed.map((task) => taskChange(task, { status }, at)));
  }
  for (const { id, name } of changed) {
    log.info(event, { taskId: id, name, by });
  }
  return changed;
}

import { sql } from "../../db/sql";
import type { LeaseColumns, TaskColumns } from "./schema";
import { nameSql } from "../../auth/people/names";
import { formsOf } from "../../lib/fold";
import { asKept } from "../../lib/ids";
import { heldBy, LEASES, readLeases } from "./leases";
import { TELLS_OF } from "./notify";
import type { StoredStatus } from "./states";

/** TaskRow is what is shown of a task's row. */
export interface TaskRow extends Pick<
  TaskColumns,
  | "id"
  | "name"
  | "module"
  | "queue"
  | "subject"
  | "user"
  | "input"
  | "attempts"
  | "max_attempts"
  | "created_at"
  | "started_at"
  | "finished_at"
  | "check_at"
  | "worker"
  | "result"
  | "error_code"
  | "error_message"
  | "error_traceback"
  | "error_detail"
  | "timeline"
  | "progress"
  | "step"
  | "total_steps"
  | "timeout_ms"
  | "notify"
  | "template"
  | "replay_of"
  | "discard_reason"
  | "external_id"
  | "description"
> {
  status: StoredStatus;
  /** The name of `user`; null for nobody. */
  user_name: string | null;
  /** The number of `user`'s unread notifications about it. */
  unread: number;
}

/**
 * TaskView is a task with its lease, if one lists it now. `archived`: the row has left D1, and this is
 * its copy.
 */
export type TaskView = TaskRow & {
  running: Pick<LeaseColumns, "worker" | "since"> | null;
  archived?: {
    /** Whether the order it stored is beside it. */
    withOrder: boolean;
    /** When it was archived, where that is known. */
    at?: number | undefined;
  };
};

const SMALL = `t.id, t.name, t.module, t.queue, t.status, t.subject, t.user, t.attempts,
  t.max_attempts, t.created_at, t.started_at, t.finished_at, t.check_at, t.worker,
  t.error_code, t.error_message, t.progress, t.step, t.total_steps, t.timeout_ms, t.notify, t.template,
  t.replay_of, t.discard_reason, t.external_id, t.description`;
const LARGE = ["result", "error_traceback", "error_detail", "timeline"] as const;
/** SQL of what a TaskRow has besides the row `t`. */
export const WITH_NAMES = `${nameSql("t.user")} AS user_name, iif(t.notify IS NULL, 0, (
  SELECT count(*) FROM notifications n INDEXED BY notifications_unread
  WHERE n.read_at IS NULL AND ${TELLS_OF})) AS unread`;
const COLUMNS = `${SMALL}, ${LARGE.map((column) => `t.${column}`).join(", ")}, ${WITH_NAMES}`;

/** This SQL gives the bytes of a row's large fields without reading them. */
export const LARGE_BYTES = LARGE.map((column) => `coalesce(octet_length(${column}), 0)`).join(
  " + ",
);

const ONE = sql(
  `SELECT ${COLUMNS}, t.input FROM tasks t WHERE t.id = coalesce(
  (SELECT id FROM tasks WHERE id = :id),
  (SELECT id FROM tasks WHERE external_id IN (SELECT value FROM json_each(:forms))),
  (SELECT id FROM tasks WHERE id = :kept))`,
  ["id", "forms", "kept"],
);
const OF_IDS = "'' AS input FROM json_each(:ids) m JOIN tasks t ON t.id = m.value";
const WHOLE = sql(`SELECT ${COLUMNS}, ${OF_IDS}`, ["ids"]);
const BRIEF = sql(
  `SELECT ${SMALL}, ${LARGE.map((column) => `NULL AS ${column}`).join(", ")},
  NULL AS user_name, 0 AS unread, ${OF_IDS}`,
  ["ids"],
);

/** Finds a task by its id, however written, or by its external id in any form of Unicode. */
export async function getTask(db: D1Database, id: string): Promise<TaskView | null> {
  const [view] = await read(
    db,
    ONE.on(db, { id, forms: JSON.stringify(formsOf(id)), kept: asKept(id) }),
  );
  return view ?? null;
}

const INPUTS = sql("SELECT t.id, t.input FROM json_each(:ids) m JOIN tasks t ON t.id = m.value");

/** Reads inputs as JSON text, by task id. Ask for few, since together they may be large. */
export async function getInputs(
  db: D1Database,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const read = INPUTS.on(db, { ids: JSON.stringify(ids) });
  const { results } = await read.all<Pick<TaskColumns, "id" | "input">>();
  return new Map(results.map(({ id, input }) => [id, input]));
}

/**
 * Reads the tasks that exist, in the order of `ids`, without their inputs. Many tasks may be large
 * together: ask for as many as fit, by LARGE_BYTES, or for "brief" ones.
 */
export async function getTasks(
  db: D1Database,
  ids: readonly string[],
  fields: "whole" | "brief" = "whole",
): Promise<TaskView[]> {
  const tasks = fields === "whole" ? WHOLE : BRIEF;
  const views = await read(db, tasks.on(db, { ids: JSON.stringify(ids) }));
  const byId = new Map(views.map((view) => [view.id, view]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

async function read(db: D1Database, statement: D1PreparedStatement): Promise<TaskView[]> {
  const [tasks, leases] = await db.batch([statement, LEASES.on(db)]);
  const holders = heldBy(readLeases(leases));
  return ((tasks?.results ?? []) as TaskRow[]).map((row) => {
    const { worker, since } = holders.get(row.id) ?? {};
    const running = worker === undefined || since === undefined ? null : { worker, since };
    return { ...row, running };
  });
}

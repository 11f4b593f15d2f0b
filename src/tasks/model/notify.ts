/**
 * Notifications tell whoever started a task of its start, its progress and its end, as its template
 * or its definition wishes. That of an end is written in the transaction that ends the task. While a
 * notification is unread, the next of its kind is folded into it, so a flood is one row with a count.
 */
import { sql } from "../../db/sql";
import { z } from "zod";
import { OPEN, TRACKED } from "./states";

/** Notify says when to tell. `progress` is a percentage: each time that much more is done. */
export const Notify = z.strictObject({
  start: z.boolean().optional(),
  complete: z.boolean().optional(),
  error: z.boolean().optional(),
  progress: z.int().min(1).max(100).optional(),
});
export type Notify = z.infer<typeof Notify>;

export const NOTIFICATION_TYPES = ["info", "success", "warning", "error", "progress"] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** Told is SQL expressions over a row of `tasks`. */
interface Told {
  type: string;
  message: string;
  /** JSON text of an object: what else a program may want to know. */
  details: string;
  /** Unread notifications of the same user, type and kind are one row. */
  kind: string;
}

/** Tracked work of two modules may have the same name, so its module is part of the kind. */
const PER_TASK_NAME = `coalesce(template, iif(queue = '${TRACKED}', module || ' ' || name, name))`;

/**
 * This SQL tells whether notification `n` is about task `t`, alone or with those folded into it. The
 * start of a task that runs here is known once the task has settled.
 */
export const TELLS_OF = `n.user = t.user AND n.fold IN (${foldOf("info")}, ${foldOf("success")},
  ${foldOf("error")}, 'progress ' || t.id) AND (n.task_id = t.id OR CASE n.type
    WHEN 'info' THEN t.notify ->> 'start' AND ${isWithin("t.started_at")}
    WHEN 'success' THEN t.status = 'SUCCESS' AND t.notify ->> 'complete' AND ${isWithin("t.finished_at")}
    WHEN 'error' THEN t.status = 'FAILURE' AND t.notify ->> 'error' AND ${isWithin("t.finished_at")}
  END)`;

function foldOf(type: NotificationType): string {
  return `'${type} ' || ${PER_TASK_NAME.replaceAll(/\b(template|queue|module|name)\b/g, "t.$1")}`;
}

function isWithin(time: string): string {
  return `${time} BETWEEN n.created_at AND n.updated_at`;
}

/**
 * Makes SQL that notifies, at `:now`, of the rows of `tasks` in `where`. A task that is told of twice
 * in a row counts once, as a write may be repeated. Times widen both ways, as consumers run side by
 * side and the later write may be of the earlier end.
 */
function notifySql({ type, message, details, kind }: Told, where: string): string {
  return `
INSERT INTO notifications (id, user, fold, type, task_id, task_name, template, message, details,
  count, created_at, updated_at)
SELECT printf('%012x', :now) || lower(hex(randomblob(10))), user, type || ' ' || kind, type, max(id),
  name, template, message, details, count(*), :now, :now
FROM (
  SELECT id, user, name, template, ${type} AS type, ${kind} AS kind, ${message} AS message,
    iif(external_id IS NULL, ${details}, json_set(${details}, '$.external_id', external_id)) AS details
  FROM tasks WHERE user IS NOT NULL AND notify IS NOT NULL AND ${where}
) WHERE true GROUP BY user, type, kind
ON CONFLICT (user, fold) WHERE read_at IS NULL DO UPDATE SET
  count = count + iif(excluded.count = 1 AND task_id = excluded.task_id, 0, excluded.count),
  task_id = excluded.task_id, message = excluded.message, details = excluded.details,
  created_at = min(created_at, excluded.created_at),
  updated_at = max(updated_at, excluded.updated_at)`;
}

/** Makes SQL that notifies of those tasks in `where` that have ended. */
export function notifyEndsSql(where: string): string {
  const told = {
    type: "iif(status = 'SUCCESS', 'success', 'error')",
    message: "error_message",
    details: "iif(status = 'SUCCESS', '{}', json_object('error_code', error_code))",
    kind: PER_TASK_NAME,
  };
  return notifySql(
    told,
    `${where} AND (status = 'SUCCESS' AND notify ->> 'complete'
       OR status = 'FAILURE' AND notify ->> 'error')`,
  );
}

/**
 * Makes SQL that notifies of tracked work that is about to be lost. It runs before the loss is
 * written, as the rows are found by an index of open work. `message` is an SQL expression.
 */
export function notifyLostSql(where: string, message: string): string {
  const details = "json_object('error_code', 'lost')";
  return notifySql(
    { type: "'error'", message, details, kind: PER_TASK_NAME },
    `${where} AND notify ->> 'error'`,
  );
}

const STARTED = sql(
  notifySql(
    { type: "'info'", message: "NULL", details: "'{}'", kind: PER_TASK_NAME },
    `id IN (SELECT value FROM json_each(:ids)) AND ${OPEN} AND notify ->> 'start'`,
  ),
  ["ids", "now"],
);
const HOW_FAR = {
  type: "'progress'",
  message: "progress || ' % ' || coalesce(step, '')",
  details: "json_object('progress_percentage', progress, 'current_step', coalesce(step, ''))",
  kind: "id",
};
const PROGRESS = sql(notifySql(HOW_FAR, "id = :id"), ["id", "now"]);

/** This SQL gives the last multiple of the percentage that was reached; 0 for none yet. */
const MULTIPLE = "progress / (notify ->> 'progress') * (notify ->> 'progress')";
const CROSSED = sql(
  notifySql(
    HOW_FAR,
    `id = :id AND ${OPEN} AND ${MULTIPLE} > 0 AND NOT EXISTS (
       SELECT 1 FROM notifications AS n WHERE n.task_id = tasks.id AND n.type = 'progress'
         AND n.details ->> 'progress_percentage' >= ${MULTIPLE})`,
  ),
  ["id", "now"],
);

export function startedNotice(db: D1Database, ids: readonly string[], now: number) {
  return STARTED.on(db, { ids: JSON.stringify(ids), now });
}

export function progressNotice(db: D1Database, id: string, now: number) {
  return PROGRESS.on(db, { id, now });
}

/**
 * Makes the statement that notifies of tracked work's progress once for each multiple of its
 * percentage, though reports repeat or go back. It runs behind the statement that stores a report.
 */
export function crossedNotice(db: D1Database, id: string, now: number) {
  return CROSSED.on(db, { id, now });
}

export function readNotify(stored: string | null): Notify {
  return stored === null ? {} : (JSON.parse(stored) as Notify);
}

/**
 * Telling whoever started a task of its start, its progress and its end, as its template or its
 * definition wishes. Written in the transaction that ends a task. While a notification is unread,
 * the next of its kind is folded into it, so a flood is one row with a count.
 */
import { z } from "zod";

/** When to tell. `progress` is in percent: each time so much more is done. */
export const Notify = z.strictObject({
  start: z.boolean().optional(),
  complete: z.boolean().optional(),
  error: z.boolean().optional(),
  progress: z.int().min(1).max(100).optional(),
});
export type Notify = z.infer<typeof Notify>;

export const NOTIFICATION_TYPES = ["info", "success", "warning", "error", "progress"] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** SQL expressions over a row of `tasks`. */
interface Told {
  type: string;
  message: string;
  /** Which of them are one. */
  kind: string;
}

const PER_TASK_NAME = "coalesce(template, name)";

/** SQL that tells, at ?2, of the rows of `tasks` in `where`. A task told of twice counts once. */
function notifySql({ type, message, kind }: Told, where: string): string {
  return `
INSERT INTO notifications (id, user, fold, type, task_id, task_name, template, message, count,
  created_at, updated_at)
SELECT printf('%012x', ?2) || lower(hex(randomblob(10))), user, type || ' ' || kind, type, max(id), name, template, message,
  count(*), ?2, ?2
FROM (
  SELECT id, user, name, template, ${type} AS type, ${kind} AS kind, ${message} AS message
  FROM tasks WHERE user IS NOT NULL AND notify IS NOT NULL AND ${where}
) WHERE true GROUP BY user, type, kind
ON CONFLICT (user, fold) WHERE read_at IS NULL DO UPDATE SET
  count = count + iif(excluded.count = 1 AND task_id = excluded.task_id, 0, excluded.count),
  task_id = excluded.task_id, message = excluded.message, updated_at = excluded.updated_at`;
}

/** Tells of those that have ended. */
export function notifyEndsSql(where: string): string {
  const told = {
    type: "iif(status = 'SUCCESS', 'success', 'error')",
    message: "error_message",
    kind: PER_TASK_NAME,
  };
  return notifySql(
    told,
    `${where} AND (status = 'SUCCESS' AND notify ->> 'complete'
       OR status = 'FAILURE' AND notify ->> 'error')`,
  );
}

const STARTED = notifySql(
  { type: "'info'", message: "NULL", kind: PER_TASK_NAME },
  `id IN (SELECT value FROM json_each(?1)) AND notify ->> 'start'`,
);
const PROGRESS = notifySql(
  { type: "'progress'", message: "progress || ' % ' || coalesce(step, '')", kind: "id" },
  "id = ?1",
);

/** Tells that these have started. */
export async function notifyStarted(db: D1Database, ids: readonly string[], now: number) {
  await db.prepare(STARTED).bind(JSON.stringify(ids), now).run();
}

/** Tells how far a task is. */
export async function notifyProgress(db: D1Database, id: string, now: number): Promise<void> {
  await db.prepare(PROGRESS).bind(id, now).run();
}

export function readNotify(stored: string | null): Notify {
  return stored === null ? {} : (JSON.parse(stored) as Notify);
}

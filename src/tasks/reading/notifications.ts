import { deleteInSlices, SLICE } from "../../db/delete-slices";
import { retryD1 } from "../../db/retry";
import { cutPage, MAX_SCANNED, type Page, type PageRequest, scanSize } from "../../http/paging";
import { type NotificationType, TELLS_OF } from "../model/notify";
import type { TaskRow } from "../model/queries";

export interface Notification {
  id: string;
  type: NotificationType;
  task_id: string;
  task_name: string;
  template: string | null;
  message: string | null;
  /** JSON object, see notify.ts; null in rows of older versions, missing before its migration. */
  details?: string | null;
  /** How many were folded into it, itself included. */
  count: number;
  created_at: number;
  updated_at: number;
  read_at: number | null;
}

const HITS = { all: "true", unread: "read_at IS NULL", read: "read_at IS NOT NULL" } as const;

/** Those of one user, the latest first. */
export async function listNotifications(
  db: D1Database,
  user: string,
  which: "all" | "unread" | "read",
  request: PageRequest,
): Promise<Page<Notification>> {
  const { cursor } = request;
  const backwards = cursor?.direction === "previous";
  const [updatedAt, id] = cursor?.key ?? [];
  const size = scanSize(request, which !== "all");
  const { results } = await db
    .prepare(
      `SELECT *, ${HITS[which]} AS hit FROM notifications
       WHERE user = ?1 ${cursor ? `AND (updated_at, id) ${backwards ? ">" : "<"} (?2, ?3)` : ""}
       ORDER BY updated_at ${backwards ? "ASC" : "DESC"}, id ${backwards ? "ASC" : "DESC"}
       LIMIT ${size + 1}`,
    )
    .bind(user, ...(cursor ? [updatedAt ?? 0, id ?? ""] : []))
    .all<Notification & { hit: number }>();
  return cutPage(results, request, size, (row) => [row.updated_at, row.id]);
}

/**
 * The first page of those unread and of those read: two lists out of one look at the latest.
 */
export async function latestNotifications(
  db: D1Database,
  user: string,
  limits: { unread: number; read: number },
): Promise<{ unread: Page<Notification>; read: Page<Notification> }> {
  const { results } = await db
    .prepare(
      `SELECT * FROM notifications WHERE user = ?1
       ORDER BY updated_at DESC, id DESC LIMIT ${MAX_SCANNED + 1}`,
    )
    .bind(user)
    .all<Notification>();
  const cut = (limit: number, isAsked: (row: Notification) => boolean) =>
    cutPage(
      results.map((row) => ({ ...row, hit: Number(isAsked(row)) })),
      { limit, cursor: null },
      MAX_SCANNED,
      (row) => [row.updated_at, row.id],
    );
  return {
    unread: cut(limits.unread, ({ read_at }) => read_at === null),
    read: cut(limits.read, ({ read_at }) => read_at !== null),
  };
}

const MAX_OF_TASK = 50;
/** Of what its user was told since, to find what is read and tells of several. */
const MAX_SINCE = 500;

const OF_TASK = `
WITH told AS (
  SELECT * FROM notifications WHERE task_id = ?1
  UNION
  SELECT n.* FROM tasks t JOIN notifications n INDEXED BY notifications_unread
    ON n.read_at IS NULL AND ${TELLS_OF} WHERE t.id = ?1
  UNION
  SELECT * FROM (SELECT * FROM notifications WHERE user = ?2 AND updated_at >= ?3
    ORDER BY updated_at LIMIT ${MAX_SINCE})
)
SELECT n.* FROM tasks t JOIN told n ON ${TELLS_OF} WHERE t.id = ?1
ORDER BY n.updated_at DESC, n.id DESC LIMIT ${MAX_OF_TASK}`;

/**
 * What its user was told of a task, the latest first; 50 at most. Of a notification that tells of
 * several the part that is the task's.
 */
export async function notificationsOf(db: D1Database, task: TaskRow): Promise<Notification[]> {
  const since = task.started_at ?? task.finished_at ?? task.created_at;
  const { results } = await db.prepare(OF_TASK).bind(task.id, task.user, since).all<Notification>();
  return results
    .map((row) => (row.task_id === task.id ? row : partOf(row, task)))
    .toSorted((one, other) => other.updated_at - one.updated_at);
}

function partOf(row: Notification, task: TaskRow): Notification {
  const { error_code, error_message, external_id } = task;
  const isError = row.type === "error";
  const at = (row.type === "info" ? task.started_at : task.finished_at) ?? row.updated_at;
  return {
    ...row,
    task_id: task.id,
    message: isError ? error_message : null,
    details: JSON.stringify({
      ...(isError && { error_code }),
      ...(external_id !== null && { external_id }),
    }),
    count: 1,
    created_at: at,
    updated_at: at,
  };
}

const MAX_COUNTED = 100;

/** How many are unread, counted to 100 or less. */
export async function countUnread(
  db: D1Database,
  user: string,
  most = MAX_COUNTED,
): Promise<number> {
  const row = await db
    .prepare(
      `SELECT count(*) AS n FROM (
         SELECT 1 FROM notifications WHERE user = ?1 AND read_at IS NULL LIMIT ?2)`,
    )
    .bind(user, most)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

/** Marks some of a user's as read, or all. Returns how many were not. */
export async function markRead(
  db: D1Database,
  user: string,
  ids: readonly string[] | "all",
  now = Date.now(),
): Promise<number> {
  const some = ids === "all" ? "" : "AND id IN (SELECT value FROM json_each(?3))";
  const { meta } = await db
    .prepare(`UPDATE notifications SET read_at = ?2 WHERE user = ?1 AND read_at IS NULL ${some}`)
    .bind(user, now, ...(ids === "all" ? [] : [JSON.stringify(ids)]))
    .run();
  return meta.changes;
}

/** Marks one of a user's as read, and returns it. Null when they have none of that id. */
export async function markOneRead(
  db: D1Database,
  user: string,
  id: string,
  now = Date.now(),
): Promise<Notification | null> {
  const mark = db
    .prepare(
      `UPDATE notifications SET read_at = coalesce(read_at, ?3) WHERE id = ?1 AND user = ?2
       RETURNING *`,
    )
    .bind(id, user, now);
  return retryD1(db, () => mark.first<Notification>());
}

const OLD = `
DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE id < ?1 LIMIT ${SLICE})`;

/** Deletes those begun before then (Unix milliseconds): their ids follow the clock. */
export async function deleteOldNotifications(db: D1Database, before: number): Promise<void> {
  await deleteInSlices(db, db.prepare(OLD).bind(before.toString(16).padStart(12, "0")));
}

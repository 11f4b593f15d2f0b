import { deleteInSlices, SLICE } from "../../db/delete-slices";
import { retryD1 } from "../../db/retry";
import { sql, statement } from "../../db/sql";
import { cutPage, MAX_SCANNED, type Page, type PageRequest, scanSize } from "../../http/paging";
import { type NotificationType, TELLS_OF } from "../model/notify";
import type { TaskRow } from "../model/queries";
import type { NotificationColumns } from "../model/schema";

export interface Notification extends Omit<
  NotificationColumns,
  "user" | "fold" | "type" | "details"
> {
  type: NotificationType;
  /**
   * A JSON object, see notify.ts; null in rows of older versions, undefined before its migration.
   */
  details?: NotificationColumns["details"];
}

const HITS = { all: "true", unread: "read_at IS NULL", read: "read_at IS NOT NULL" } as const;

/** Lists a user's notifications, the latest first. */
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
  const { results } = await statement(
    db,
    `SELECT *, ${HITS[which]} AS hit FROM notifications
     WHERE user = :user
       ${cursor ? `AND (updated_at, id) ${backwards ? ">" : "<"} (:pastAt, :past)` : ""}
     ORDER BY updated_at ${backwards ? "ASC" : "DESC"}, id ${backwards ? "ASC" : "DESC"}
     LIMIT ${size + 1}`,
    { user },
    cursor ? { pastAt: updatedAt ?? 0, past: id ?? "" } : {},
  ).all<Notification & { hit: number }>();
  return cutPage(results, request, size, (row) => [row.updated_at, row.id]);
}

const LATEST = sql(
  `SELECT * FROM notifications WHERE user = :user
   ORDER BY updated_at DESC, id DESC LIMIT ${MAX_SCANNED + 1}`,
  ["user"],
);

/** Reads the first page of a user's unread and of their read notifications, in one look. */
export async function latestNotifications(
  db: D1Database,
  user: string,
  limits: { unread: number; read: number },
): Promise<{ unread: Page<Notification>; read: Page<Notification> }> {
  const { results } = await LATEST.on(db, { user }).all<Notification>();
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
/**
 * At most this many later notifications are looked at, for read ones that tell of several tasks.
 */
const MAX_SINCE = 500;

const OF_TASK = sql(
  `
WITH told AS (
  SELECT * FROM notifications WHERE task_id = :id
  UNION
  SELECT n.* FROM tasks t JOIN notifications n INDEXED BY notifications_unread
    ON n.read_at IS NULL AND ${TELLS_OF} WHERE t.id = :id
  UNION
  SELECT * FROM (SELECT * FROM notifications WHERE user = :user AND updated_at >= :since
    ORDER BY updated_at LIMIT ${MAX_SINCE})
)
SELECT n.* FROM tasks t JOIN told n ON ${TELLS_OF} WHERE t.id = :id
ORDER BY n.updated_at DESC, n.id DESC LIMIT ${MAX_OF_TASK}`,
  ["id", "user", "since"],
);

/**
 * Lists what its user was told of a task, the latest first and 50 at most. A notification that tells
 * of several tasks is given as if it told of this one only.
 */
export async function notificationsOf(db: D1Database, task: TaskRow): Promise<Notification[]> {
  const since = task.started_at ?? task.finished_at ?? task.created_at;
  const { id, user } = task;
  const { results } = await OF_TASK.on(db, { id, user, since }).all<Notification>();
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
const COUNT_UNREAD = sql(`
SELECT count(*) AS n FROM (
  SELECT 1 FROM notifications WHERE user = :user AND read_at IS NULL LIMIT :most)`);

/** Counts a user's unread notifications, up to `most`. */
export async function countUnread(
  db: D1Database,
  user: string,
  most = MAX_COUNTED,
): Promise<number> {
  return (await COUNT_UNREAD.on(db, { user, most }).first<number>("n")) ?? 0;
}

const MARK_ALL =
  "UPDATE notifications SET read_at = :now WHERE user = :user AND read_at IS NULL" as const;
const MARK = {
  all: sql(MARK_ALL),
  some: sql(`${MARK_ALL} AND id IN (SELECT value FROM json_each(:ids))`),
  one: sql(`
UPDATE notifications SET read_at = coalesce(read_at, :now) WHERE id = :id AND user = :user
RETURNING *`),
};

/** Marks some or all of a user's notifications as read. Returns how many were not. */
export async function markRead(
  db: D1Database,
  user: string,
  ids: readonly string[] | "all",
  now = Date.now(),
): Promise<number> {
  const mark =
    ids === "all"
      ? MARK.all.on(db, { user, now })
      : MARK.some.on(db, { user, now, ids: JSON.stringify(ids) });
  return (await mark.run()).meta.changes;
}

/**
 * Marks one of a user's notifications as read, and returns it. Null when they have none of that id.
 */
export async function markOneRead(
  db: D1Database,
  user: string,
  id: string,
  now = Date.now(),
): Promise<Notification | null> {
  const mark = MARK.one.on(db, { id, user, now });
  return retryD1(db, () => mark.first<Notification>());
}

const OLD = sql(`
DELETE FROM notifications WHERE id IN (
  SELECT id FROM notifications WHERE id < :end LIMIT ${SLICE})`);

/** Deletes notifications that began before then (Unix milliseconds), as ids follow the clock. */
export async function deleteOldNotifications(db: D1Database, before: number): Promise<void> {
  await deleteInSlices(db, OLD.on(db, { end: before.toString(16).padStart(12, "0") }));
}

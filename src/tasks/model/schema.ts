import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { RowOf } from "../../db/row";
import { DURATION_EDGES_MS } from "./counts";

const count = <const Name extends string>(name: Name) => integer(name).notNull().default(0);

/**
 * A task is one row, written twice in a normal life: when accepted and when settled. The lease that
 * lists it says that it runs, so a start writes nothing here. `WITHOUT ROWID`, which only the
 * migration can say, saves a written row per insert. Times are Unix milliseconds.
 */
export const tasks = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    module: text("module").notNull(),
    queue: text("queue").notNull(),
    /** The stored state is never STARTED or PROGRESS: see states.ts. */
    status: text("status").notNull(),
    /** The key of the business entity it is about, such as an order's id. */
    subject: text("subject"),
    /** The caller who asked for it: "user:ID" or "key:ID". */
    user: text("user"),
    input: text("input").notNull(),
    /** The number of attempts that ended; a running one is not counted yet. */
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    /** The number of times in a row that the task went back without an attempt. */
    deferrals: integer("deferrals").notNull().default(0),
    /** 1 when the task is to be claimed and run alone, as the last run that held it broke. */
    suspect: integer("suspect").notNull().default(0),
    /** The number of leases that lapsed while it ran alone. */
    crashes: integer("crashes").notNull().default(0),
    /** The time before which a claim is too early. */
    readyAt: integer("ready_at").notNull(),
    /** The time its message was last sent; null when none is under way. */
    sentAt: integer("sent_at"),
    /** The time when recovery looks at it next. */
    checkAt: integer("check_at").notNull(),
    /** The number of times recovery sent it again since it last ran; each makes it more patient. */
    resends: integer("resends").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    worker: text("worker"),
    result: text("result"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    /** The stack trace, as the failing code gave it. */
    errorTraceback: text("error_traceback"),
    /** A JSON object of further members of the failure, such as stage and field. */
    errorDetail: text("error_detail"),
    /** A JSON array of what happened, see timeline.ts. */
    timeline: text("timeline"),
    /** The state from which a task's next run or slice goes on. */
    checkpoint: text("checkpoint"),
    /** The percentage that the task last reported; null before its first report. */
    progress: integer("progress"),
    /** The step it works on, in its own words. */
    step: text("step"),
    totalSteps: integer("total_steps"),
    /** A JSON object of the results of finished steps, by name. */
    finishedSteps: text("finished_steps"),
    /** The timeout in milliseconds that replaces its definition's; null for the definition's. */
    timeoutMs: integer("timeout_ms"),
    /** JSON that says when `user` is notified, see notify.ts; null for never. */
    notify: text("notify"),
    /** The name of the template it was made from. */
    template: text("template"),
    /** The id of the task it is an edited copy of. */
    replayOf: text("replay_of"),
    /** The reason why a person gave up on this failure. */
    discardReason: text("discard_reason"),
    /** The id of tracked work in its own system, see tracked.ts; null for any other task. */
    externalId: text("external_id"),
    description: text("description"),
  },
  (table) => [
    index("tasks_subject").on(table.subject),
    index("tasks_open")
      .on(table.queue, table.checkAt)
      .where(sql`status IN ('PENDING','RETRY')`),
    index("tasks_unsent")
      .on(table.queue, table.checkAt)
      .where(sql`status IN ('PENDING','RETRY') AND sent_at IS NULL`),
    index("tasks_failed")
      .on(table.id)
      .where(sql`status IN ('FAILURE','REVOKED')`),
    index("tasks_person")
      .on(table.user, table.id)
      .where(sql`substr(user, 1, 5) = 'user:'`),
    uniqueIndex("tasks_external")
      .on(table.externalId)
      .where(sql`external_id IS NOT NULL`),
  ],
);

export type TaskColumns = RowOf<typeof tasks>;

/** A lease is one row per batch at work: who holds which tasks, and until when. */
export const leases = sqliteTable("leases", {
  token: text("token").primaryKey(),
  queue: text("queue").notNull(),
  worker: text("worker").notNull(),
  since: integer("since").notNull(),
  expiresAt: integer("expires_at").notNull(),
  /** A JSON array of task ids. A task is in one lease at most. */
  taskIds: text("task_ids").notNull(),
});

export type LeaseColumns = RowOf<typeof leases>;

/**
 * Counts are events of tasks by name and stretch of time, see counts.ts. `d0` to `d16` count
 * successes by duration, each all those up to 8 ms, 16 ms, and so on, doubling. `WITHOUT ROWID`.
 */
export const taskCounts = sqliteTable(
  "task_counts",
  {
    /**
     * The stretch's length in milliseconds: a minute, an hour or a day; 0 is for ever. Rows of PAST
     * (counts.ts) have a negative one, as they repeat what the row for ever counts.
     */
    span: integer("span").notNull(),
    /** The start of the stretch. */
    bucket: integer("bucket").notNull(),
    name: text("name").notNull(),
    module: text("module").notNull(),
    created: count("created"),
    success: count("success"),
    failure: count("failure"),
    revoked: count("revoked"),
    /** The number of failures, and of cancelled tasks, that were run again. */
    unfailed: count("unfailed"),
    unrevoked: count("unrevoked"),
    /** The sum of the successes' times from first start to end. */
    durationMs: count("duration_ms"),
    ...Object.fromEntries(DURATION_EDGES_MS.map((_, k) => [`d${k}`, count(`d${k}`)])),
  },
  (table) => [primaryKey({ columns: [table.span, table.bucket, table.module, table.name] })],
);

/** This table names tracked work with counts of its own, see tracked-names.ts. `WITHOUT ROWID`. */
export const trackedNames = sqliteTable(
  "tracked_names",
  { module: text("module").notNull(), name: text("name").notNull() },
  (table) => [primaryKey({ columns: [table.module, table.name] })],
);

/**
 * A template has defaults of a task's input, and what overrides its definition. `WITHOUT ROWID`.
 */
export const taskTemplates = sqliteTable(
  "task_templates",
  {
    name: text("name").primaryKey(),
    taskName: text("task_name").notNull(),
    /** The module of tracked work; empty for a task of this system, which has its own. */
    module: text("module").notNull().default(""),
    description: text("description").notNull(),
    /** A JSON object whose members an input may lack. */
    defaults: text("defaults").notNull(),
    timeoutSeconds: integer("timeout_seconds"),
    maxRetries: integer("max_retries"),
    estimatedSeconds: integer("estimated_seconds"),
    /** A JSON array of the names of the steps it usually takes. */
    steps: text("steps").notNull(),
    /** JSON, as in `tasks.notify`. */
    notify: text("notify"),
    active: integer("active").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    index("task_templates_task")
      .on(table.taskName, table.module, table.updatedAt)
      .where(sql`active = 1`),
  ],
);

export type TemplateColumns = RowOf<typeof taskTemplates>;

/**
 * A notification tells a person or a key of their tasks. While it is unread, the next of the same
 * kind is folded into it, and `count` says how many there were. `WITHOUT ROWID`.
 */
export const notifications = sqliteTable(
  "notifications",
  {
    id: text("id").primaryKey(),
    user: text("user").notNull(),
    /** The kind: unread notifications of one user with the same kind are one row. */
    fold: text("fold").notNull(),
    type: text("type").notNull(),
    /** The id of the latest task it tells of. */
    taskId: text("task_id").notNull(),
    taskName: text("task_name").notNull(),
    template: text("template"),
    message: text("message"),
    /** A JSON object of what else is known of the latest task, see notify.ts. */
    details: text("details"),
    count: integer("count").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    readAt: integer("read_at"),
  },
  (table) => [
    index("notifications_user").on(table.user, table.updatedAt),
    index("notifications_task").on(table.taskId, table.readAt),
    uniqueIndex("notifications_unread")
      .on(table.user, table.fold)
      .where(sql`read_at IS NULL`),
  ],
);

export type NotificationColumns = RowOf<typeof notifications>;

/** A paused queue hands out no work, see pauses.ts. `WITHOUT ROWID`. */
export const pausedQueues = sqliteTable("paused_queues", {
  queue: text("queue").primaryKey(),
  pausedAt: integer("paused_at").notNull(),
  pausedBy: text("paused_by").notNull(),
  reason: text("reason").notNull(),
});

export type PauseColumns = RowOf<typeof pausedQueues>;

/** This table says when each queue was last resumed, see pauses.ts. `WITHOUT ROWID`. */
export const resumedQueues = sqliteTable("resumed_queues", {
  queue: text("queue").primaryKey(),
  resumedAt: integer("resumed_at").notNull(),
});

export type ResumeColumns = RowOf<typeof resumedQueues>;

/** An idempotency key keeps the answer that a caller's request got, its batch id, for 24 hours. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    key: text("key").primaryKey(),
    bodyHash: text("body_hash").notNull(),
    lote: text("lote").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("idempotency_keys_expiry").on(table.expiresAt)],
);

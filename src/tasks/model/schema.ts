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
 * One row per task, written twice in a good life: when accepted and when settled. That it runs is
 * said by the lease that lists it, so starting a task writes nothing here. `WITHOUT ROWID` (in the
 * migration: drizzle cannot say it) saves a written row per insert. Times are Unix milliseconds.
 */
export const tasks = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    module: text("module").notNull(),
    queue: text("queue").notNull(),
    /** Never STARTED: see `leases`. */
    status: text("status").notNull(),
    /** Key of the business entity the task is about, such as an order's id. */
    subject: text("subject"),
    /** Who asked for it: "user:ID" or "key:ID". */
    user: text("user"),
    input: text("input").notNull(),
    /** Attempts that ended; a running one is not counted yet. */
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    /** Times in a row the task went back without an attempt. */
    deferrals: integer("deferrals").notNull().default(0),
    /** Its last lease lapsed: it is claimed and run alone. */
    suspect: integer("suspect").notNull().default(0),
    /** Leases that lapsed while it ran alone. */
    crashes: integer("crashes").notNull().default(0),
    /** A claim before this time is too early. */
    readyAt: integer("ready_at").notNull(),
    /** When its message was last sent; null when none is under way. */
    sentAt: integer("sent_at"),
    /** When recovery looks at it next. */
    checkAt: integer("check_at").notNull(),
    /** Times recovery sent it again since it last ran: only these make recovery patient. */
    resends: integer("resends").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    worker: text("worker"),
    result: text("result"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    /** The traceback, as the failing code gave it. */
    errorTraceback: text("error_traceback"),
    /** Further members of the failure, such as stage and field. */
    errorDetail: text("error_detail"),
    /** JSON array of what happened, see timeline.ts. */
    timeline: text("timeline"),
    /** State a sliced task carries to its next slice. */
    checkpoint: text("checkpoint"),
    /** 0 to 100, as the task last said; null while it has said nothing. */
    progress: integer("progress"),
    /** What it does now, in its own words, and of how many steps. */
    step: text("step"),
    totalSteps: integer("total_steps"),
    /** JSON object: results of the steps that ended, by name. */
    finishedSteps: text("finished_steps"),
    /** Instead of its definition's; in milliseconds. */
    timeoutMs: integer("timeout_ms"),
    /** JSON: when to notify `user`, see notify.ts; null for never. */
    notify: text("notify"),
    /** The template it was made from. */
    template: text("template"),
    /** The task it is an edited copy of. */
    replayOf: text("replay_of"),
    /** Why a person gave up on this failure. */
    discardReason: text("discard_reason"),
    /** What work elsewhere is called there, and what it is: see tracked.ts. Null for any other task. */
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

/** One row per batch at work: who holds which tasks, and until when. */
export const leases = sqliteTable("leases", {
  token: text("token").primaryKey(),
  queue: text("queue").notNull(),
  worker: text("worker").notNull(),
  since: integer("since").notNull(),
  expiresAt: integer("expires_at").notNull(),
  /** JSON array of task ids. A task is in one lease at most. */
  taskIds: text("task_ids").notNull(),
});

export type LeaseColumns = RowOf<typeof leases>;

/**
 * Events of tasks by name and stretch of time, see counts.ts. `WITHOUT ROWID`. `d0` to `d16` count
 * successes by duration: those of at most 8 ms, 16 ms, and so on, doubling.
 */
export const taskCounts = sqliteTable(
  "task_counts",
  {
    /**
     * Length of the stretch in milliseconds: a minute, an hour or a day; 0 is for ever. Negative of
     * days and months that are in the rows for ever too.
     */
    span: integer("span").notNull(),
    /** When it began. */
    bucket: integer("bucket").notNull(),
    name: text("name").notNull(),
    module: text("module").notNull(),
    created: count("created"),
    success: count("success"),
    failure: count("failure"),
    revoked: count("revoked"),
    /** Failures and cancelled ones that were run again. */
    unfailed: count("unfailed"),
    unrevoked: count("unrevoked"),
    /** From the first start to the end, of the successes together. */
    durationMs: count("duration_ms"),
    ...Object.fromEntries(DURATION_EDGES_MS.map((_, k) => [`d${k}`, count(`d${k}`)])),
  },
  (table) => [primaryKey({ columns: [table.span, table.bucket, table.module, table.name] })],
);

/** Names of tracked work that have counts of their own, see tracked-names.ts. `WITHOUT ROWID`. */
export const trackedNames = sqliteTable(
  "tracked_names",
  { module: text("module").notNull(), name: text("name").notNull() },
  (table) => [primaryKey({ columns: [table.module, table.name] })],
);

/** How to run a task: its input's defaults and what overrides its definition. `WITHOUT ROWID`. */
export const taskTemplates = sqliteTable(
  "task_templates",
  {
    name: text("name").primaryKey(),
    taskName: text("task_name").notNull(),
    /** The module of work elsewhere; empty for a task of this system, which has its own. */
    module: text("module").notNull().default(""),
    description: text("description").notNull(),
    /** JSON object, merged under the input of a run. */
    defaults: text("defaults").notNull(),
    timeoutSeconds: integer("timeout_seconds"),
    maxRetries: integer("max_retries"),
    estimatedSeconds: integer("estimated_seconds"),
    /** JSON array of the names of the steps it usually takes. */
    steps: text("steps").notNull(),
    /** JSON, as `tasks.notify`. */
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
 * What a person or a key is told of their tasks. While one is unread, the next of the same kind is
 * folded into it: `count` says how many there were. `WITHOUT ROWID`.
 */
export const notifications = sqliteTable(
  "notifications",
  {
    id: text("id").primaryKey(),
    user: text("user").notNull(),
    /** Kind: those of one user with the same are folded. */
    fold: text("fold").notNull(),
    type: text("type").notNull(),
    /** The latest of its tasks. */
    taskId: text("task_id").notNull(),
    taskName: text("task_name").notNull(),
    template: text("template"),
    message: text("message"),
    /** JSON object: what else was known of the latest, see notify.ts. */
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

/** Queues that hand out no work, see pauses.ts. `WITHOUT ROWID`. */
export const pausedQueues = sqliteTable("paused_queues", {
  queue: text("queue").primaryKey(),
  pausedAt: integer("paused_at").notNull(),
  pausedBy: text("paused_by").notNull(),
  reason: text("reason").notNull(),
});

export type PauseColumns = RowOf<typeof pausedQueues>;

/** When queues were last resumed, see pauses.ts. `WITHOUT ROWID`. */
export const resumedQueues = sqliteTable("resumed_queues", {
  queue: text("queue").primaryKey(),
  resumedAt: integer("resumed_at").notNull(),
});

export type ResumeColumns = RowOf<typeof resumedQueues>;

/** The answer a caller's `Idempotency-Key` already got: its `lote`, for 24 hours. */
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

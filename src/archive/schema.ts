import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../db/row";

/**
 * The manifest has one row per object of the archive. A row without `provenAt` reserves the
 * object's name for the task that writes it. A row with `provenAt` is of an object that was read
 * back, and the rows of D1 that the object holds may be gone. The manifest can be made again from
 * the index files alone. `WITHOUT ROWID`.
 */
export const archiveGenerations = sqliteTable(
  "archive_generations",
  {
    /** What is archived: "tasks" or "audit". */
    kind: text("kind").notNull(),
    /** The UTC day of the records' ids, YYYY-MM-DD. */
    day: text("day").notNull(),
    /**
     * The number of the object within its day, from 1; of two copies of a record, the one with the
     * higher number counts.
     */
    generation: integer("generation").notNull(),
    firstId: text("first_id").notNull(),
    lastId: text("last_id").notNull(),
    /**
     * The times at which the first and the last of its orders were processed, in Unix milliseconds;
     * null without orders.
     */
    firstProcessedAt: integer("first_processed_at"),
    lastProcessedAt: integer("last_processed_at"),
    records: integer("records").notNull(),
    orders: integer("orders").notNull(),
    bytes: integer("bytes").notNull(),
    createdAt: integer("created_at").notNull(),
    /** The task that writes, or wrote, the object; null if it was found in R2. */
    taskId: text("task_id"),
    provenAt: integer("proven_at"),
  },
  (table) => [primaryKey({ columns: [table.kind, table.day, table.generation] })],
);

export type GenerationColumns = RowOf<typeof archiveGenerations>;

import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../db/row";

/**
 * The manifest: one row per object of the archive. A row without `provenAt` reserves the object's name
 * for the task that writes it; with it, the object was read back, and rows of D1 that it holds may be
 * gone. It can be made again from the index files alone. `WITHOUT ROWID`.
 */
export const archiveGenerations = sqliteTable(
  "archive_generations",
  {
    /** What is archived: "tasks" or "audit". */
    kind: text("kind").notNull(),
    /** UTC day of the records' ids, YYYY-MM-DD. */
    day: text("day").notNull(),
    /** 1 for the first of a day; of two copies of a record the one in the later counts. */
    generation: integer("generation").notNull(),
    firstId: text("first_id").notNull(),
    lastId: text("last_id").notNull(),
    /** When the first and the last of its orders were processed; null without orders. */
    firstProcessedAt: integer("first_processed_at"),
    lastProcessedAt: integer("last_processed_at"),
    records: integer("records").notNull(),
    orders: integer("orders").notNull(),
    bytes: integer("bytes").notNull(),
    createdAt: integer("created_at").notNull(),
    /** The task that writes, or wrote, the object; null of one found in R2. */
    taskId: text("task_id"),
    provenAt: integer("proven_at"),
  },
  (table) => [primaryKey({ columns: [table.kind, table.day, table.generation] })],
);

export type GenerationColumns = RowOf<typeof archiveGenerations>;

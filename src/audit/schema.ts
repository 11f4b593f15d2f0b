import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What people and keys did, each entry for good. Ids follow the clock. `WITHOUT ROWID`. */
export const auditLog = sqliteTable("audit_log", {
  id: text("id").primaryKey(),
  /** Unix milliseconds. */
  at: integer("at").notNull(),
  /** "user:ID" or "key:ID". */
  actor: text("actor").notNull(),
  /** What was done: "task.cancel". */
  action: text("action").notNull(),
  /** To what: an id or a name. */
  target: text("target").notNull(),
  /** JSON object: a reason, a filter, a role. Never a secret. */
  detail: text("detail"),
});

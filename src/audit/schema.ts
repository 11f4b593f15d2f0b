import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The table `audit_log` holds what people and keys did, for good. Its ids sort by time, and the
 * migration makes it WITHOUT ROWID.
 */
export const auditLog = sqliteTable("audit_log", {
  id: text("id").primaryKey(),
  /** `at` is in Unix milliseconds. */
  at: integer("at").notNull(),
  /** `actor` is "user:ID" or "key:ID". */
  actor: text("actor").notNull(),
  /** `action` names what was done: "task.cancel". */
  action: text("action").notNull(),
  /** `target` is the id or name of what it was done to. */
  target: text("target").notNull(),
  /** `detail` is a JSON object: a reason, a filter, a role. It never holds a secret. */
  detail: text("detail"),
});

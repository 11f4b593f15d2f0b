import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../../db/row";

/**
 * Processed orders. The primary key is the last word on uniqueness: an order id is stored once.
 * Money is integer minor units, times are Unix milliseconds. `WITHOUT ROWID`, as in the migration.
 */
export const orders = sqliteTable(
  "orders",
  {
    /** Canonical, see order.ts; of an order stored long ago perhaps another form of it. */
    id: text("id").primaryKey(),
    /** The one task that stored it. */
    taskId: text("task_id").notNull(),
    /** SHA-256 of the canonical order and its enrichment, hex. */
    hash: text("hash").notNull(),
    customer: text("customer").notNull(),
    /** See lib/fold.ts; null of orders stored before it was kept, until fold-customers.ts is there. */
    customerFolded: text("customer_folded"),
    /** JSON array of lines: sku, quantity, title, unit price in minor units. */
    lines: text("lines").notNull(),
    currency: text("currency").notNull(),
    subtotal: integer("subtotal").notNull(),
    discount: integer("discount").notNull(),
    total: integer("total").notNull(),
    processedAt: integer("processed_at").notNull(),
  },
  (table) => [
    index("orders_customer").on(table.customerFolded, table.processedAt),
    index("orders_processed").on(table.processedAt),
  ],
);

export type OrderColumns = RowOf<typeof orders>;

/** What remains of a deleted order: its id stays used. `WITHOUT ROWID`. */
export const deletedOrders = sqliteTable("deleted_orders", {
  id: text("id").primaryKey(),
  /** The task that had stored it. */
  taskId: text("task_id").notNull(),
  deletedAt: integer("deleted_at").notNull(),
  /** "user:ID". */
  deletedBy: text("deleted_by").notNull(),
  reason: text("reason").notNull(),
});

/** Last demo order id given out, so that demo ids follow the clock and never collide. */
export const demoSequence = sqliteTable("demo_sequence", {
  name: text("name").primaryKey(),
  value: integer("value").notNull(),
});

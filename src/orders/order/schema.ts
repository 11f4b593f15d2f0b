import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../../db/row";

/**
 * An order is one row once it is processed. The primary key decides on uniqueness: an id is stored
 * once. Money is integer minor units, times are Unix milliseconds. `WITHOUT ROWID`.
 */
export const orders = sqliteTable(
  "orders",
  {
    /** The canonical id, see order.ts; of an order stored long ago perhaps another form of it. */
    id: text("id").primaryKey(),
    /** The id of the one task that stored it. */
    taskId: text("task_id").notNull(),
    /** The SHA-256 of the canonical order and its enrichment, in hex. */
    hash: text("hash").notNull(),
    customer: text("customer").notNull(),
    /**
     * The customer's name folded (lib/fold.ts); null until fold-customers.ts reaches an old row.
     */
    customerFolded: text("customer_folded"),
    /** A JSON array of lines: sku, quantity, title, unit price in minor units. */
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

/** A deleted order leaves this row, so that its id stays used. `WITHOUT ROWID`. */
export const deletedOrders = sqliteTable("deleted_orders", {
  id: text("id").primaryKey(),
  /** The id of the task that had stored it. */
  taskId: text("task_id").notNull(),
  deletedAt: integer("deleted_at").notNull(),
  /** The administrator who deleted it: "user:ID". */
  deletedBy: text("deleted_by").notNull(),
  reason: text("reason").notNull(),
});

/**
 * The last demo order id given out is kept, so that demo ids follow the clock and never collide.
 */
export const demoSequence = sqliteTable("demo_sequence", {
  name: text("name").primaryKey(),
  value: integer("value").notNull(),
});

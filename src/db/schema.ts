import { blob, integer, sqliteTable } from "drizzle-orm/sqlite-core";

/** Pages of zeros to be given up when the database is full, see ballast.ts. */
export const ballast = sqliteTable("ballast", {
  piece: integer("piece").primaryKey(),
  zeros: blob("zeros").notNull(),
});

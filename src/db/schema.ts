import { blob, integer, sqliteTable } from "drizzle-orm/sqlite-core";

/** The ballast is pages of zeros that are given up when the database is full: see ballast.ts. */
export const ballast = sqliteTable("ballast", {
  piece: integer("piece").primaryKey(),
  zeros: blob("zeros").notNull(),
});

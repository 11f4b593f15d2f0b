import type { Table } from "drizzle-orm";

/**
 * RowOf is a table's row as SQL gives it, by the names that its columns have in the database. Row
 * types of hand-written SQL are picked from it, so that they follow the schema:
 *
 *   type Place = Pick<RowOf<typeof orders>, "id" | "processed_at">;
 */
export type RowOf<T extends Table> = {
  [Key in keyof Columns<T> as Columns<T>[Key]["_"]["name"]]: Stored<Columns<T>[Key]["_"]>;
};

type Columns<T extends Table> = T["_"]["columns"];
type Stored<Column extends { driverParam: unknown; notNull: boolean }> =
  | Column["driverParam"]
  | (Column["notNull"] extends true ? never : null);

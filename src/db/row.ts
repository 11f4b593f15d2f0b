import type { Table } from "drizzle-orm";

/**
 * A row of a table as SQL gives it: by the names of its columns, as the database stores them. What
 * hand-written SQL reads is picked from it, so that it follows the schema:
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

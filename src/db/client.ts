import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";

export type Database = DrizzleD1Database & { $client: D1Database };

/** drizzle over the Worker's D1; cheap to make, so each request makes its own. */
export function database(env: Pick<Env, "DB">): Database {
  return drizzle(env.DB);
}

import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";

export type Database = DrizzleD1Database & { $client: D1Database };

/** Wraps the Worker's D1 in drizzle. This is cheap, so each request makes its own. */
export function database(env: Pick<Env, "DB">): Database {
  return drizzle(env.DB);
}

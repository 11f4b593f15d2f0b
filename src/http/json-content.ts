import type { z } from "@hono/zod-openapi";

/** For a route's `content`: JSON of that schema. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return { "application/json": { schema } };
}

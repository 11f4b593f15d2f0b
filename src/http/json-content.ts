import type { z } from "@hono/zod-openapi";

/** Returns the `content` of a route's description: JSON of that schema. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return { "application/json": { schema } };
}

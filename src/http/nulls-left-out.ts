import { z } from "@hono/zod-openapi";

/**
 * Schema of a JSON object in which null means absent, because older programs send null for what
 * they do not give. Nulls under unknown names are kept, so that these are still refused.
 */
export const nullsLeftOut = <Schema extends z.ZodObject>(schema: Schema) =>
  z.preprocess((value) => {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const isGiven = ([name, member]: [string, unknown]) =>
      member !== null || !Object.hasOwn(schema.shape, name);
    return isObject ? Object.fromEntries(Object.entries(value).filter(isGiven)) : value;
  }, schema);

import { z } from "@hono/zod-openapi";

/**
 * A JSON object in which null is as good as nothing: how older programs send what they do not give.
 * Only what the schema knows is left out: an unknown name stays one, whatever its value.
 */
export const nullsLeftOut = <Schema extends z.ZodObject>(schema: Schema) =>
  z.preprocess((value) => {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const isGiven = ([name, member]: [string, unknown]) =>
      member !== null || !Object.hasOwn(schema.shape, name);
    return isObject ? Object.fromEntries(Object.entries(value).filter(isGiven)) : value;
  }, schema);

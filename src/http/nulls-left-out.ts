import { z } from "@hono/zod-openapi";

/** A JSON object in which null is as good as nothing: how older programs send what they do not give. */
export const nullsLeftOut = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject
      ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
      : value;
  }, schema);

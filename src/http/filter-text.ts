import { z } from "@hono/zod-openapi";

/** Text of a filter, trimmed and composed: at most so many characters, as people count them. */
export const filterText = (max: number) =>
  z
    .string()
    .trim()
    .normalize("NFC")
    .min(1)
    .refine((text) => Array.from(text).length <= max, `at most ${max} characters`)
    .openapi({ maxLength: max });

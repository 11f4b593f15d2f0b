import { z } from "@hono/zod-openapi";
import { cutText } from "../lib/cut-text";

/**
 * Schema of a filter's text, trimmed and composed (NFC), of at most `max` characters (code points).
 */
export const filterText = (max: number) =>
  z
    .string()
    .trim()
    .normalize("NFC")
    .min(1)
    .refine((text) => Array.from(text).length <= max, `at most ${max} characters`)
    .openapi({ maxLength: max });

/**
 * Schema of a name that is stored cut: a longer one is accepted, and cut the same way so that it
 * matches.
 */
export const cutFilterText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .overwrite((text) => cutText(text, max))
    .normalize("NFC");

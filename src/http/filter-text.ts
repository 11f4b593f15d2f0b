import { z } from "@hono/zod-openapi";
import { cutText } from "../lib/cut-text";

/** Text of a filter, trimmed and composed: at most so many characters, as people count them. */
export const filterText = (max: number) =>
  z
    .string()
    .trim()
    .normalize("NFC")
    .min(1)
    .refine((text) => Array.from(text).length <= max, `at most ${max} characters`)
    .openapi({ maxLength: max });

/** A name that is cut where it is kept: it may be of any length, and is cut as it was, so that it is found. */
export const cutFilterText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .overwrite((text) => cutText(text, max))
    .normalize("NFC");

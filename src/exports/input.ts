import { z } from "@hono/zod-openapi";
import { instantText } from "../http/instant";
import type { WalkFilter } from "../orders/walk";
import { FORMAT_NAMES } from "./formats";

/** Which orders, in which format: the words and the meaning of the order list. */
export const ExportInput = z.strictObject({
  formato: z.enum(FORMAT_NAMES),
  cliente: z.string().min(1).max(255).optional(),
  desde: instantText.optional(),
  hasta: instantText.optional(),
});
export type ExportInput = z.infer<typeof ExportInput>;

/** Bounded by when the export was asked for, so that the set does not grow under it. */
export function filterOf({ cliente, desde, hasta }: ExportInput, createdAt: number): WalkFilter {
  return {
    customer: cliente,
    from: desde === undefined ? undefined : Date.parse(desde),
    before: hasta === undefined ? createdAt : Math.min(Date.parse(hasta), createdAt),
  };
}

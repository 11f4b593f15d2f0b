import { z } from "@hono/zod-openapi";

/** An ISO date (its first moment, UTC) or date and time with a zone. */
export const instantText = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    "an ISO date, or an ISO date and time with its zone",
  )
  .openapi({ type: "string", example: "2026-11-22" });

/** The same; Unix milliseconds inside. */
export const instant = instantText.transform((text) => Date.parse(text));

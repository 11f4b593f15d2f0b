import { z } from "@hono/zod-openapi";

/** What the query of a route takes that may answer a browser with a page. */
export const pageLanguage = {
  lang: z.string().optional().openapi({ description: "Of a page: es or en", example: "en" }),
};

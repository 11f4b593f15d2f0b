import { z } from "@hono/zod-openapi";

/** `pageLanguage` is spread into the query of routes that may answer a browser with a page. */
export const pageLanguage = {
  lang: z.string().optional().openapi({ description: "Of a page: es or en", example: "en" }),
};

import { z } from "@hono/zod-openapi";

const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: "Stable; for programs." }),
    requestId: z.string(),
  })
  .openapi("Problem", { description: "RFC 9457 problem details" });

/** STORAGE_FULL describes the 507 of routes that accept work. */
export const STORAGE_FULL = {
  507: "`storage_full`: the database has no room; nothing was accepted",
};

/** Returns a route's error `responses`, each with its description and all of one shape. */
export function problems<Status extends number>(described: Record<Status, string>) {
  const content = { "application/problem+json": { schema: Problem } };
  return Object.fromEntries(
    Object.entries<string>(described).map(([status, description]) => [
      status,
      { description, content },
    ]),
  );
}

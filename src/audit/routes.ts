import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireAdmin } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { filterText } from "../http/filter-text";
import { pageOf, pageQuery, readCursor, pageBody } from "../http/paging";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { AUDITED, listAudit } from "./audit";

const Entry = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actor: z.string().openapi({ description: "user:ID or key:ID" }),
    action: z.enum(AUDITED),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi("AuditEntry");

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["audit"],
  summary: "Who did what, when and to what; newest first",
  middleware: requireAdmin(),
  request: {
    query: z.object({
      ...pageQuery,
      actor: filterText(200).optional(),
      action: z.enum(AUDITED).optional(),
      target: filterText(200).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page of entries",
      content: { "application/json": { schema: pageOf(Entry, "AuditPage") } },
    },
    ...problems({ 400: "A parameter is wrong", 403: "Not a signed-in administrator" }),
  },
});

/** The audit log's routes are mounted at /api/audit. */
export const auditRoutes = new OpenAPIHono<AppEnv>({
  strict: false,
  defaultHook: validationHook,
}).openapi(listRoute, async (c) => {
  const { limit, cursor, actor, action, target } = c.req.valid("query");
  const filter = {
    actors: actor === undefined ? undefined : [actor],
    action,
    targets: target === undefined ? undefined : [target],
  };
  const page = await listAudit(c.env.DB, filter, { limit, cursor: readCursor(cursor) });
  return c.json(
    pageBody(page, c.req.url, ({ at, ...entry }) => ({
      ...entry,
      at: new Date(at).toISOString(),
    })),
    200,
  );
});

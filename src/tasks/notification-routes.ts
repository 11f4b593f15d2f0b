import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../auth/caller";
import { assertCaller } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { pageOf, pageQuery, readCursor, renderPage } from "../http/paging";
import type { Engine } from "./engine";
import { NotificationView, toNotificationView } from "./notification-view";
import { countUnread, listNotifications, markRead } from "./notifications";

const unread = z.int().openapi({ description: "Counted to 100" });

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["notifications"],
  summary: "The caller's notifications, the latest first",
  request: {
    query: z.object({
      ...pageQuery,
      unread: z.stringbool().optional().openapi({ type: "boolean" }),
    }),
  },
  responses: {
    200: {
      description: "A page of them",
      content: {
        "application/json": {
          schema: pageOf(NotificationView, "NotificationPage").extend({ unread }),
        },
      },
    },
  },
});

const readRoute = createRoute({
  method: "post",
  path: "/read",
  tags: ["notifications"],
  summary: "Mark some of the caller's notifications as read, or all",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({
              ids: z.array(z.string().max(100)).min(1).max(1000).optional(),
              all: z.literal(true).optional(),
            })
            .refine(({ ids, all }) => (ids === undefined) !== (all === undefined), {
              path: ["ids"],
              message: "give either ids or all",
            }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "How many were marked, and how many are left unread",
      content: { "application/json": { schema: z.object({ marked: z.int(), unread }) } },
    },
  },
});

/** What the caller is told of their tasks, mounted at /api/tasks/notifications. */
export function notificationRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, cursor, unread: onlyUnread = false } = c.req.valid("query");
      const user = callerId(assertCaller(c.var.caller));
      const request = { limit, cursor: readCursor(cursor) };
      const page = await listNotifications(c.env.DB, user, onlyUnread ? "unread" : "all", request);
      const view = renderPage(page, c.req.url, (row) => toNotificationView(row, engine));
      return c.json({ ...view, unread: await countUnread(c.env.DB, user) }, 200);
    })
    .openapi(readRoute, async (c) => {
      const user = callerId(assertCaller(c.var.caller));
      const { ids = "all" } = c.req.valid("json");
      const marked = await markRead(c.env.DB, user, ids);
      return c.json({ marked, unread: await countUnread(c.env.DB, user) }, 200);
    });
}

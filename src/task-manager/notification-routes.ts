import { OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../caller";
import { assertCaller } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { anyPageQuery, pageOf, readCursor, pageBody } from "../http/paging";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import type { Engine } from "../tasks/model/engine";
import { NotificationView, toNotificationView } from "../tasks/reading/notification-view";
import { listNotifications, markOneRead, markRead } from "../tasks/reading/notifications";
import { insteadUse } from "./instead-use";
import { noSuchNotification } from "../tasks/commands/refusals";

const listRoute = createRoute({
  method: "get",
  path: "/",
  ...insteadUse("`GET /api/tasks/notifications/`"),
  summary: "The caller's notifications, the latest first",
  request: {
    query: z.object({
      ...anyPageQuery,
      read: z.stringbool().optional().openapi({ type: "boolean" }),
    }),
  },
  responses: {
    200: {
      description: "A page of them",
      content: json(pageOf(NotificationView, "OldNotificationPage")),
    },
    ...problems({ 400: "A parameter is wrong; `parameter` names it" }),
  },
});

const readOneRoute = createRoute({
  method: "post",
  path: "/{id}/mark_as_read",
  ...insteadUse("`POST /api/tasks/notifications/read/` with `ids`"),
  summary: "Mark one of the caller's notifications as read",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: {
      description: "The notification",
      content: json(z.object({ success: z.literal(true), notification: NotificationView })),
    },
    ...problems({ 404: "The caller has no such notification" }),
  },
});

const readAllRoute = createRoute({
  method: "post",
  path: "/mark_all_read",
  ...insteadUse("`POST /api/tasks/notifications/read/` with `all`"),
  summary: "Mark all of the caller's notifications as read",
  responses: {
    200: {
      description: "How many were not",
      content: json(z.object({ success: z.literal(true), marked_count: z.int() })),
    },
  },
});

/** The old routes of the caller's notifications are mounted at /api/task-manager/notifications. */
export function oldNotificationRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, cursor, read } = c.req.valid("query");
      const user = callerId(assertCaller(c.var.caller));
      const which = read === undefined ? "all" : read ? "read" : "unread";
      const request = { limit, cursor: readCursor(cursor) };
      const page = await listNotifications(c.env.DB, user, which, request);
      return c.json(
        pageBody(page, c.req.url, (row) => toNotificationView(row, engine)),
        200,
      );
    })
    .openapi(readOneRoute, async (c) => {
      const { id } = c.req.valid("param");
      const row = await markOneRead(c.env.DB, callerId(assertCaller(c.var.caller)), id);
      if (!row) {
        throw noSuchNotification(id);
      }
      const notification = toNotificationView(row, engine);
      return c.json({ success: true as const, notification }, 200);
    })
    .openapi(readAllRoute, async (c) => {
      const marked = await markRead(c.env.DB, callerId(assertCaller(c.var.caller)), "all");
      return c.json({ success: true as const, marked_count: marked }, 200);
    });
}

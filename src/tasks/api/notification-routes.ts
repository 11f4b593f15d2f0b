import { OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../../caller";
import { assertCaller } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { json } from "../../http/json-content";
import { pageOf, pageQuery, readCursor, pageBody } from "../../http/paging";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { NotificationView, toNotificationView } from "../reading/notification-view";
import { countUnread, listNotifications, markOneRead, markRead } from "../reading/notifications";
import { noSuchNotification } from "../commands/refusals";

const unread = z.int().openapi({ description: "Counted to 100" });

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["notifications"],
  summary: "The caller's notifications, the latest first",
  request: {
    query: z.object({
      ...pageQuery,
      unread: z.stringbool().optional().openapi({
        type: "boolean",
        description: "true: only those; false: all",
      }),
      read: z.stringbool().optional().openapi({
        type: "boolean",
        description: "true: only those that were read; false: only the others",
      }),
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

const oneReadRoute = createRoute({
  method: "post",
  path: "/{id}/read",
  tags: ["notifications"],
  summary: "Mark one of the caller's notifications as read",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The notification", content: json(NotificationView) },
    ...problems({ 404: "The caller has none of that id" }),
  },
});

/** The caller's notifications have these routes, mounted at /api/tasks/notifications. */
export function notificationRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(listRoute, async (c) => {
      const { limit, cursor, unread: onlyUnread, read } = c.req.valid("query");
      if (onlyUnread && read) {
        const detail = "read: unread=true asks for the others";
        throw new AppError(400, "invalid_parameter", detail, { parameter: "read" });
      }
      const which = onlyUnread || read === false ? "unread" : read ? "read" : "all";
      const user = callerId(assertCaller(c.var.caller));
      const request = { limit, cursor: readCursor(cursor) };
      const page = await listNotifications(c.env.DB, user, which, request);
      const view = pageBody(page, c.req.url, (row) => toNotificationView(row, engine));
      return c.json({ ...view, unread: await countUnread(c.env.DB, user) }, 200);
    })
    .openapi(readRoute, async (c) => {
      const user = callerId(assertCaller(c.var.caller));
      const { ids = "all" } = c.req.valid("json");
      const marked = await markRead(c.env.DB, user, ids);
      return c.json({ marked, unread: await countUnread(c.env.DB, user) }, 200);
    })
    .openapi(oneReadRoute, async (c) => {
      const { id } = c.req.valid("param");
      const row = await markOneRead(c.env.DB, callerId(assertCaller(c.var.caller)), id);
      if (!row) {
        throw noSuchNotification(id);
      }
      return c.json(toNotificationView(row, engine), 200);
    });
}

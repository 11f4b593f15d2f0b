import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../auth/caller";
import { assertCaller } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { pageOf, pageQuery, readCursor, renderPage } from "../http/paging";
import type { Engine } from "./engine";
import { countUnread, listNotifications, markRead, type Notification } from "./notifications";
import { NOTIFICATION_TYPES } from "./notify";

const NotificationView = z
  .object({
    id: z.string(),
    type: z.enum(NOTIFICATION_TYPES),
    title: z.string(),
    message: z.string(),
    task_id: z.string().openapi({ description: "The latest, if several were folded into one" }),
    task_name: z.string(),
    template: z.string().nullable(),
    count: z.int().openapi({ description: "How many were folded into it, itself included" }),
    created_at: z.string(),
    updated_at: z.string(),
    is_read: z.boolean(),
  })
  .openapi("Notification");

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
      const view = renderPage(page, c.req.url, (row) => toView(row, engine));
      return c.json({ ...view, unread: await countUnread(c.env.DB, user) }, 200);
    })
    .openapi(readRoute, async (c) => {
      const user = callerId(assertCaller(c.var.caller));
      const { ids = "all" } = c.req.valid("json");
      const marked = await markRead(c.env.DB, user, ids);
      return c.json({ marked, unread: await countUnread(c.env.DB, user) }, 200);
    });
}

const TITLES = {
  info: "Iniciada",
  success: "Exitosa",
  warning: "Aviso",
  error: "Fallida",
  progress: "En progreso",
};

function toView(row: Notification, engine: Engine): z.infer<typeof NotificationView> {
  const what = row.template ?? engine.find(row.task_name)?.description ?? row.task_name;
  return {
    id: row.id,
    type: row.type,
    title: `${TITLES[row.type]}: ${what}`,
    message: row.message ?? "",
    task_id: row.task_id,
    task_name: row.task_name,
    template: row.template,
    count: row.count,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
    is_read: row.read_at !== null,
  };
}

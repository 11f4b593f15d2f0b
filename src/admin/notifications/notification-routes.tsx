import { Hono } from "hono";
import { callerId } from "../../caller";
import { assertCaller } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { readCursor } from "../../http/paging";
import type { Engine } from "../../tasks/model/engine";
import {
  latestNotifications,
  listNotifications,
  markRead,
} from "../../tasks/reading/notifications";
import { readFields } from "../shared/form-text";
import { nextPath } from "../shared/next-path";
import { NotificationsPage } from "./notifications";
import { renderPage } from "../shared/render";
import { whatItDoes } from "../tasks/what-it-does";
import { viewOf } from "../shared/view";

const UNREAD_ROWS = 50;
const READ_ROWS = 25;
const MAX_MARKED = 1000;

/** A person's notifications are mounted at /admin/notifications. */
export function notificationPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  routes.get("/", async (c) => {
    const view = viewOf(c);
    const user = callerId(assertCaller(c.var.caller));
    const cursor = readCursor(view.url.searchParams.get("cursor"));
    // Those that wait come first; further pages are of what was read.
    const { unread, read } = cursor
      ? {
          unread: null,
          read: await listNotifications(c.env.DB, user, "read", { limit: READ_ROWS, cursor }),
        }
      : await latestNotifications(c.env.DB, user, { unread: UNREAD_ROWS, read: READ_ROWS });
    const describe = (name: string) => {
      const definition = engine.find(name);
      return definition ? whatItDoes(view, definition) : name;
    };
    return renderPage(c, <NotificationsPage {...{ view, user, unread, read, describe }} />);
  });

  routes.post("/read", limitBody(65_536), async (c) => {
    const user = callerId(assertCaller(c.var.caller));
    const form = await readFields(c);
    const ids = form.getAll("id").slice(0, MAX_MARKED);
    await markRead(c.env.DB, user, form.has("all") ? "all" : ids);
    const { origin } = new URL(c.req.url);
    return c.redirect(nextPath(form.get("then"), origin, "/admin/notifications"), 303);
  });
  return routes;
}

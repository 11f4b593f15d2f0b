import { Hono } from "hono";
import type { AppEnv } from "../http/app-env";
import type { Engine } from "../tasks/engine";
import { deadLetterPages } from "./dead-letter-routes";
import { failurePages } from "./failure-routes";
import { notificationPages } from "./notification-routes";
import { orderPages } from "./order-routes";
import { requirePerson } from "./require-person";
import { taskPages } from "./task-routes";

/** The console, mounted at /admin: for people who are signed in. */
export function adminRoutes(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requirePerson());
  routes.get("/", (c) => c.redirect("/admin/tasks", 302));
  routes.route("/tasks", taskPages(engine));
  routes.route("/orders", orderPages);
  routes.route("/failures", failurePages(engine));
  routes.route("/dead-letters", deadLetterPages(engine));
  routes.route("/notifications", notificationPages(engine));
  return routes;
}

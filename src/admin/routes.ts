import { Hono } from "hono";
import type { AppEnv } from "../http/app-env";
import type { Engine } from "../tasks/engine";
import { accountPages } from "./account-routes";
import { auditPages } from "./audit-routes";
import { dashboardPages } from "./dashboard-routes";
import { deadLetterPages } from "./dead-letter-routes";
import { failurePages } from "./failure-routes";
import { keyPages } from "./key-routes";
import { notificationPages } from "./notification-routes";
import { orderPages } from "./order-routes";
import { peoplePages } from "./people-routes";
import { queuePages } from "./queue-routes";
import { requirePerson } from "./require-person";
import { runPages } from "./run-routes";
import { onlyTakenNames } from "./taken-names";
import { taskPages } from "./task-routes";

/** The console, mounted at /admin: for people who are signed in. */
export function adminRoutes(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requirePerson(), onlyTakenNames());
  routes.route("/", dashboardPages(engine));
  routes.route("/tasks", taskPages(engine));
  routes.route("/orders", orderPages);
  routes.route("/failures", failurePages(engine));
  routes.route("/dead-letters", deadLetterPages(engine));
  routes.route("/notifications", notificationPages(engine));
  routes.route("/queues", queuePages(engine));
  routes.route("/run", runPages(engine));
  routes.route("/people", peoplePages);
  routes.route("/account", accountPages);
  routes.route("/keys", keyPages);
  routes.route("/audit", auditPages(engine));
  return routes;
}

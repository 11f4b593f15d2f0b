import { Hono } from "hono";
import type { AppEnv } from "../http/app-env";
import type { Engine } from "../tasks/model/engine";
import { accountPages } from "./people/account-routes";
import { auditPages } from "./audit/audit-routes";
import { bulkPages } from "./bulk/bulk-routes";
import { dashboardPages } from "./dashboard/dashboard-routes";
import { deadLetterPages } from "./failures/dead-letter-routes";
import { failurePages } from "./failures/failure-routes";
import { NAMES } from "./names";
import { keyPages } from "./keys/key-routes";
import { notificationPages } from "./notifications/notification-routes";
import { orderPages } from "./orders/order-routes";
import { peoplePages } from "./people/people-routes";
import { queuePages } from "./queues/queue-routes";
import { replayPages } from "./replay/replay-routes";
import { requirePerson } from "./shared/require-person";
import { runPages } from "./runs/run-routes";
import { onlyTakenNames } from "./shared/taken-names";
import { taskPages } from "./tasks/task-routes";

/** The console is mounted at /admin and for signed-in people only. */
export function adminRoutes(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requirePerson(), onlyTakenNames(NAMES));
  routes.route("/", dashboardPages(engine));
  routes.route("/tasks/bulk", bulkPages(engine)); // must come before the page of a task
  routes.route("/tasks/:id/replays", replayPages(engine));
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

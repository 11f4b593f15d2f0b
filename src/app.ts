import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { except } from "hono/combine";
import { requestId } from "hono/request-id";
import { apiDocsRoutes } from "./admin/site/api-docs-routes";
import { assetRoutes } from "./admin/shared/assets";
import { batchRoutes } from "./admin/batch/batch-routes";
import { adminRoutes } from "./admin/routes";
import { signInRoutes } from "./admin/site/sign-in-routes";
import { siteRoutes } from "./admin/site/site-routes";
import { auditRoutes } from "./audit/routes";
import { keyRoutes } from "./auth/keys/key-routes";
import { identify } from "./auth/identify";
import { requireCaller, requireScope } from "./http/require";
import { authRoutes } from "./auth/routes";
import { downloadRoutes } from "./exports/download-routes";
import { exportRoutes } from "./exports/routes";
import { type AppEnv, validationHook } from "./http/app-env";
import { limitBody, MAX_BODY_BYTES } from "./http/body-limit";
import { checkConfig } from "./http/check-config";
import { type ErrorPage, notFound, onError } from "./http/errors";
import { privateAnswers } from "./http/private-answers";
import { takesOnly } from "./http/route";
import { keepOutRobots, siteHeaders } from "./http/site-headers";
import { closesEnded } from "./live/ended";
import { allowOrigins } from "./live/origins";
import { expectsListener } from "./live/publisher";
import { liveRoutes } from "./live/routes";
import { identifyTicket } from "./live/ticket-reads";
import { demoRoutes } from "./orders/demo/demo-routes";
import { orderRoutes } from "./orders/routes";
import { systemInfo } from "./system-info";
import { oldErrors } from "./task-manager/old-errors";
import { oldRoutes } from "./task-manager/routes";
import { taskMonitorRoutes } from "./task-monitor/routes";
import type { Engine } from "./tasks/model/engine";
import { metricsText } from "./tasks/statistics/metrics";
import { taskRoutes } from "./tasks/api/routes";

/**
 * OWN_LIMIT lists the routes with a body limit of their own: bulk orders, and reports and templates
 * with long texts.
 */
const OWN_LIMIT =
  /^(POST \/api\/pedidos|(POST|PATCH) \/api\/tasks\/executions(\/[^/]+)?|POST \/api\/tasks\/templates|POST \/api\/task-manager\/tasks\/(register_task|[^/]+\/update_progress))\/?$/;
const hasOwnLimit = ({ req }: Context<AppEnv>) => OWN_LIMIT.test(`${req.method} ${req.path}`);

/**
 * The error page is imported when it is first shown, because neither the API nor a queue needs it.
 */
const errorPage: ErrorPage = async (c, error) =>
  (await import("./admin/site/error")).errorPage(c, error);

/** Builds the whole site: middleware, mounts, and the answers to unknown paths and errors. */
export function createApp(engine: Engine) {
  const app = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });
  app.onError(onError(errorPage));
  app.notFound(notFound(errorPage));

  app.use(requestId(), privateAnswers(), siteHeaders, keepOutRobots);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.route("/", assetRoutes);
  app.route("/", taskMonitorRoutes);
  app.use("/api/task-manager/*", oldErrors());
  app.use(checkConfig(), closesEnded());
  app.use(except(hasOwnLimit, limitBody(MAX_BODY_BYTES)));

  app.route("/api/auth", authRoutes);

  app.use("/api/live/*", allowOrigins());
  app.route("/api/live", liveRoutes);
  for (const list of ["/api/tasks/executions", "/api/tasks/workers"]) {
    app.use(list, allowOrigins(), identifyTicket());
  }

  app.use(identify());
  app.route("/", siteRoutes);
  app.route("/", signInRoutes);
  app.use("/pedidos/iniciar", expectsListener());
  app.route("/pedidos", demoRoutes);
  app.route("/pedidos/lotes", batchRoutes(engine));
  app.route("/admin", adminRoutes(engine));
  app.get("/metrics", requireScope("metrics:read"), takesOnly(), async (c) =>
    c.text(await metricsText(c.env, engine), 200, { "content-type": "text/plain; version=0.0.4" }),
  );
  app.route("/exports", downloadRoutes);

  app.route(
    "/api",
    apiDocsRoutes(() => app),
  );

  // Everything from here on needs a caller, including routes that do not exist.
  app.use("/api/*", requireCaller());
  app.route("/api/keys", keyRoutes);
  app.route("/api/audit", auditRoutes);
  app.route("/api/pedidos", orderRoutes);
  app.route("/api/exports", exportRoutes);
  app.route("/api/tasks", taskRoutes(engine, systemInfo));
  app.route("/api/task-manager", oldRoutes(engine));
  return app;
}

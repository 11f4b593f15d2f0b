import { Hono } from "hono";
// oxlint-disable-next-line import/default -- wrangler imports this file, which scripts/bundle.mjs writes, as its text
import script from "../../dist/task-monitor.client.js";
import type { AppEnv } from "../http/app-env";

/** These routes serve `<task-monitor>` to pages of any site. */
export const taskMonitorRoutes = new Hono<AppEnv>({ strict: false });

taskMonitorRoutes.get("/task-monitor.js", (c) =>
  c.body(script, 200, {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=3600",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
  }),
);

import { Hono } from "hono";
import { requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";
import type { Engine } from "../../tasks/model/engine";
import { byName, daysAgo, readCounts, total } from "../../tasks/statistics/stats";
import { lookAtFailures } from "../../tasks/statistics/troubles";
import { FAILURES_SHOWN, readDashboard } from "./dashboard-data";
import { DashboardPage } from "./dashboard";
import { ModulePage } from "./module";
import { renderPage } from "../shared/render";
import { historyOf, readRange } from "./time-range";
import { viewOf } from "../shared/view";

const PERIODS = [1, 7, 30] as const;
const NAMED_DAYS = 7;

/** The dashboard and the page of each module are mounted at /admin. */
export function dashboardPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  routes.get("/", requireScope("tasks:read"), async (c) => {
    const view = viewOf(c);
    const dashboard = await readDashboard(c.env, engine, readRange(view.url.searchParams));
    return renderPage(c, <DashboardPage view={view} engine={engine} dashboard={dashboard} />);
  });

  routes.get("/modules/:module", requireScope("tasks:read"), async (c) => {
    const view = viewOf(c);
    const module = c.req.param("module");
    const now = Date.now();
    const [ever, failures] = await Promise.all([
      readCounts(c.env.DB, { module }),
      lookAtFailures(c.env.DB, { shown: FAILURES_SHOWN, module }),
    ]);
    if (ever.length === 0 && !engine.all().some((task) => task.module === module)) {
      throw new AppError(404, "module_not_found", `There is no module ${module}`);
    }
    const props = {
      view,
      engine,
      module,
      periods: PERIODS.map((days) => ({
        days,
        counts: total(byName(ever, daysAgo(days, now))),
      })),
      named: byName(ever, daysAgo(NAMED_DAYS, now)),
      namedDays: NAMED_DAYS,
      history: historyOf(ever, readRange(view.url.searchParams), now),
      errors: failures.errors,
      latestFailures: failures.latest,
      now,
    };
    return renderPage(c, <ModulePage {...props} />);
  });

  return routes;
}

import { Hono } from "hono";
import { can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import type { Engine } from "../../tasks/model/engine";
import { failureGroups } from "../../tasks/statistics/failure-groups";
import { knownTasks } from "../tasks/list/known-tasks";
import { readFailureQuery } from "./failure-query";
import { FailuresPage } from "./failures";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The failures that wait for somebody, grouped by cause, are mounted at /admin/failures. */
export function failurePages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:read"));

  routes.get("/", async (c) => {
    const view = viewOf(c);
    const query = readFailureQuery(view.url.searchParams);
    const props = {
      view,
      query,
      known: knownTasks(engine, query.typed),
      mayAct: can(assertCaller(c.var.caller), "tasks:write"),
    };
    if (Object.keys(query.problems).length > 0) {
      return renderPage(c, <FailuresPage {...props} found={null} />, 400);
    }
    const found = await failureGroups(c.env.DB, query.filter);
    return renderPage(c, <FailuresPage {...props} found={found} />);
  });
  return routes;
}

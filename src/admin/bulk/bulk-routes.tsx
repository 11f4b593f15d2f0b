import { type Context, Hono } from "hono";
import { requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { isRefused } from "../../lib/result";
import { countBulk } from "../../tasks/commands/bulk";
import { actOnMany } from "../../tasks/commands/bulk-action";
import { operatorOf } from "../../tasks/commands/operator";
import { granted } from "../../tasks/commands/refusals";
import type { Engine } from "../../tasks/model/engine";
import { type BulkQuery, readBulkQuery } from "./bulk-query";
import { readFields } from "../shared/form-text";
import { BulkPage } from "./bulk";
import { renderPage } from "../shared/render";
import { onlySet } from "../tasks/list/task-query";
import { viewOf } from "../shared/view";

const MAX_FORM_BYTES = 65_536; // a thousand ids fit

/**
 * Actions on many tasks are mounted at /admin/tasks/bulk. They are confirmed first, and run as a
 * task.
 */
export function bulkPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:write"));

  for (const scope of ["picked", "matching"] as const) {
    routes.get(`/${scope}`, async (c) => {
      const view = viewOf(c);
      const query = readBulkQuery(scope, view.url.searchParams);
      return ask(c, engine, query);
    });

    routes.post(`/${scope}`, limitBody(MAX_FORM_BYTES), async (c) => {
      const form = await readFields(c);
      const query = readBulkQuery(scope, form);
      const { action, filter, ids, typed } = query;
      if (ids?.length === 0) {
        return ask(c, engine, query);
      }
      const reason = (form.get("reason") ?? "").trim();
      const what = ids ? { picked: ids.length } : { filter: onlySet(typed) };
      const id = await actOnMany(operatorOf(c, engine), { action, filter, reason }, what);
      if (isRefused(id) && id.why.kind === "bad_reason") {
        return ask(c, engine, query, reason);
      }
      return c.redirect(`/admin/tasks/${granted(id)}?done=bulk`, 303);
    });
  }
  return routes;
}

/** Shows the question. `wrong` is the reason as typed, if it was refused. */
async function ask(c: Context<AppEnv>, engine: Engine, query: BulkQuery, wrong?: string) {
  const count = await countBulk(c.env, engine, query.action, query.filter);
  const page = <BulkPage view={viewOf(c)} query={query} found={count} wrongReason={wrong} />;
  return renderPage(c, page, wrong === undefined && query.ids?.length !== 0 ? 200 : 400);
}

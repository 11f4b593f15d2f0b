import { type Context, Hono } from "hono";
import { type AuditEntry, type AuditFilter, listAudit } from "../../audit/audit";
import { requireAdmin } from "../../http/require";
import { bareId } from "../../caller";
import { callersNamed, namesOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import type { Engine } from "../../tasks/model/engine";
import { type TaskFacts, factsOf } from "../../tasks/reading/execution";
import { getTasks } from "../../tasks/model/queries";
import { type AuditQuery, readAuditQuery } from "./audit-query";
import { AuditListPage } from "./audit-list";
import { callerMeant } from "./audit-target";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The audit log, who did what, is mounted at /admin/audit and for administrators only. */
export function auditPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  routes.get("/", requireAdmin(), async (c) => {
    const view = viewOf(c);
    const query = readAuditQuery(view.url.searchParams);
    if (Object.keys(query.problems).length > 0) {
      return renderPage(c, <AuditListPage view={view} query={query} list={null} />, 400);
    }
    const page = await listAudit(c.env.DB, await filterOf(c, query), query.request);
    const names = await namesOf(c.env.DB, callersIn(page.rows));
    const bulks = await bulkTasks(c.env.DB, engine, page.rows);
    const list = { page, names, bulks };
    return renderPage(c, <AuditListPage view={view} query={query} list={list} />);
  });

  return routes;
}

/** Builds the filter; a typed name stands for every person or key of that name. */
async function filterOf(c: Context<AppEnv>, query: AuditQuery): Promise<AuditFilter> {
  const { actor, action, target } = query;
  const filter: AuditFilter = { action };
  if (actor !== undefined) {
    filter.actors = /^(user|key):/.test(actor) ? [actor] : await callersNamed(c.env.DB, actor);
  }
  if (target !== undefined) {
    const named = await callersNamed(c.env.DB, target);
    filter.targets = [target, ...named, ...named.map(bareId)];
  }
  return filter;
}

/** Returns who did it, and the people and keys it was done to. */
function callersIn(entries: readonly AuditEntry[]): string[] {
  const callers = entries.flatMap((entry) => [entry.actor, callerMeant(entry)]);
  return [...new Set(callers.filter((caller) => caller !== null))];
}

/** Reads the tasks of bulk actions, because they know how many tasks were changed. */
async function bulkTasks(
  db: D1Database,
  engine: Engine,
  entries: readonly AuditEntry[],
): Promise<Map<string, TaskFacts>> {
  const ids = entries.filter(({ action }) => action.startsWith("tasks.")).map((e) => e.target);
  const tasks = ids.length === 0 ? [] : await getTasks(db, ids);
  return new Map(tasks.map((task) => [task.id, factsOf(task, engine)]));
}

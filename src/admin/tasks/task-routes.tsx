import { type Context, Hono } from "hono";
import { can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import { fileKey } from "../../exports/file";
import { fileLink } from "../../exports/link";
import { readsOf } from "../../exports/reads";
import { assertSameOrigin } from "../../auth/same-origin";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { parseAsSent } from "../../lib/exact-json";
import { tasksWithOrder } from "../../orders/pipeline/stored-ids";
import type { Engine } from "../../tasks/model/engine";
import { factsOf, type TaskFacts } from "../../tasks/reading/execution";
import { listBriefly } from "../../tasks/reading/list";
import { listEverywhere } from "../../tasks/reading/archived";
import type { TaskView } from "../../tasks/model/queries";
import { TRACKED } from "../../tasks/model/states";
import { callersOf, findTask } from "./one/find-task";
import { knownTasks } from "./list/known-tasks";
import { readFields } from "../shared/form-text";
import { nextPath } from "../shared/next-path";
import { TaskPage } from "./one/task";
import { TaskListPage } from "./list/task-list";
import { renderPage } from "../shared/render";
import { taskActionPages } from "./one/task-action-routes";
import { taskExportPages } from "./list/task-export-routes";
import { allowedActions } from "../../tasks/commands/doable";
import { keepTaskLook, type TaskLook, taskLookOf, toLook } from "./list/task-columns";
import { readTaskQuery } from "./list/task-query";
import { viewOf } from "../shared/view";

/** The task history is mounted at /admin/tasks. */
export function taskPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:read"));

  routes.get("/", async (c) => {
    const view = viewOf(c);
    const query = readTaskQuery(view.url.searchParams);
    const look = taskLookOf(c);
    const props = { view, query, look, known: knownTasks(engine, query.typed) };
    if (Object.keys(query.problems).length > 0) {
      return renderPage(c, <TaskListPage {...props} list={null} />, 400);
    }
    const page = await listEverywhere(c.env, query.filter, query.request, "newest", listBriefly);
    const withOrder = await tasksWithOrder(c.env.DB, page.rows);
    const tasks = page.rows.map((row) => factsOf(row, engine));
    const people = await namesOf(c.env.DB, callersIn(tasks, look.columns));
    const mayAct = can(assertCaller(c.var.caller), "tasks:write");
    const list = { page, tasks, withOrder, people, mayAct };
    return renderPage(c, <TaskListPage {...props} list={list} />);
  });

  routes.post("/look", limitBody(), async (c) => {
    assertSameOrigin(c.req.raw);
    const form = await readFields(c);
    const look = toLook(form.get("density") === "dense", form.getAll("column"));
    keepTaskLook(c, form.has("reset") ? null : look);
    return c.redirect(nextPath(form.get("back"), new URL(c.req.url).origin, "/admin/tasks"), 303);
  });

  routes.route("/exports", taskExportPages);

  routes.get("/:id", async (c) => {
    const view = viewOf(c);
    const task = await findTask(c);
    const withOrder = await tasksWithOrder(c.env.DB, [task]);
    const execution = factsOf(task, engine);
    const props = {
      view,
      task: execution,
      archivedAt: task.archived?.at,
      computes: engine.find(task.name)?.computes ?? [],
      names: await namesOf(c.env.DB, callersOf(execution)),
      input: parseAsSent(task.input),
      stored: withOrder.has(task.id),
      file: await fileOf(c, task),
      actions: allowedActions(task, engine, assertCaller(c.var.caller)),
    };
    return renderPage(c, <TaskPage {...props} />);
  });

  routes.get("/:id/input", async (c) => {
    const { input } = await findTask(c);
    return c.body(input, 200, { "content-type": "application/json" });
  });

  routes.route("/:id", taskActionPages(engine));
  return routes;
}

/** Returns the callers that the columns show; consumers have no names, so they are left out. */
function callersIn(tasks: readonly TaskFacts[], columns: TaskLook["columns"]): string[] {
  const callers = tasks.flatMap((task) => [
    columns.has("user") ? task.requested_by : null,
    columns.has("worker") && task.queue_name === TRACKED ? task.worker_name : null,
  ]);
  return [...new Set(callers)].filter((caller) => caller !== null);
}

/** Returns the link to what an export wrote; null when it is deleted, undefined for other tasks. */
async function fileOf(c: Context<AppEnv>, task: TaskView): Promise<string | null | undefined> {
  const reads = readsOf(task);
  if (!reads || task.status !== "SUCCESS" || !can(assertCaller(c.var.caller), reads)) {
    return undefined;
  }
  const kept = (await c.env.FILES.head(fileKey(task.id))) !== null;
  return kept ? (await fileLink(c.env, task.id, Date.now())).path : null;
}

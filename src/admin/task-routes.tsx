import { type Context, Hono } from "hono";
import { audit } from "../audit/audit";
import { can, callerId } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { namesOf } from "../auth/names";
import { fileKey } from "../exports/file";
import { fileLink } from "../exports/link";
import { exportOrders } from "../exports/task";
import type { AppEnv } from "../http/app-env";
import { AppError } from "../http/errors";
import { tasksWithOrder } from "../orders/stored-ids";
import { actOn } from "../tasks/actions";
import type { Engine } from "../tasks/engine";
import { toExecution } from "../tasks/execution";
import { listTasks } from "../tasks/list";
import { getTask, type TaskView } from "../tasks/queries";
import type { Execution } from "../tasks/execution";
import { type TaskAction, TaskActionPage } from "./pages/task-action";
import { TaskListPage } from "./pages/task-list";
import { TaskPage } from "./pages/task";
import { renderPage } from "./render";
import { allows } from "./task-actions";
import { readTaskQuery } from "./task-query";
import { viewOf } from "./view";

/** The task history, mounted at /admin/tasks. */
export function taskPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:read"));

  routes.get("/", async (c) => {
    const view = viewOf(c);
    const query = readTaskQuery(view.url.searchParams);
    const names = engine.all().map(({ name }) => name);
    if (Object.keys(query.problems).length > 0) {
      const page = <TaskListPage view={view} query={query} names={names} list={null} />;
      return renderPage(c, page, 400);
    }
    const page = await listTasks(c.env.DB, query.filter, query.request);
    const withOrder = await tasksWithOrder(c.env.DB, page.rows);
    const tasks = page.rows.map((row) => toExecution(row, engine));
    const list = { page, tasks, withOrder };
    return renderPage(c, <TaskListPage view={view} query={query} names={names} list={list} />);
  });

  routes.get("/:id", async (c) => {
    const task = await findTask(c);
    const withOrder = await tasksWithOrder(c.env.DB, [task]);
    const execution = toExecution(task, engine);
    const mayWrite = can(assertCaller(c.var.caller), "tasks:write");
    const props = {
      view: viewOf(c),
      task: execution,
      names: await namesOf(c.env.DB, callersOf(execution)),
      input: readInput(task),
      stored: withOrder.has(task.id),
      file: await fileOf(c, task),
      actions: {
        retry: mayWrite && allows("retry", task, engine),
        cancel: mayWrite && allows("cancel", task, engine),
      },
    };
    return renderPage(c, <TaskPage {...props} />);
  });

  routes.get("/:id/input", async (c) => {
    const task = await findTask(c);
    return c.json(readInput(task));
  });

  for (const [path, action] of [
    ["/:id/retries", "retry"],
    ["/:id/cancellations", "cancel"],
  ] as const) {
    routes.get(path, requireScope("tasks:write"), async (c) => {
      const task = toExecution(await findTask(c), engine);
      return renderPage(c, <TaskActionPage view={viewOf(c)} action={action} task={task} />);
    });

    routes.post(path, requireScope("tasks:write"), async (c) => {
      const id = c.req.param("id");
      const result = await act(c, engine, action, id);
      if (result === "not_found") {
        throw taskNotFound(id);
      }
      if (result === "done") {
        return c.redirect(`/admin/tasks/${encodeURIComponent(id)}?done=${action}`, 303);
      }
      const task = toExecution(await findTask(c), engine);
      const { status } = result;
      const page = (
        <TaskActionPage view={viewOf(c)} action={action} task={task} forbidden={status} />
      );
      return renderPage(c, page, 409);
    });
  }

  return routes;
}

async function act(c: Context<AppEnv>, engine: Engine, action: TaskAction, id: string) {
  const by = callerId(assertCaller(c.var.caller));
  const result = await actOn(c.env, engine, action, id, { by });
  if (result === "done") {
    await audit(c, `task.${action}`, id);
  }
  return result;
}

/** Everybody who had a hand in a task, as stored. */
function callersOf(task: Execution): string[] {
  const { by } = (task.error_detail ?? {}) as { by?: unknown };
  const events: Record<string, unknown>[] = task.timeline;
  const callers = [task.user, by, ...events.map((event) => event["by"])];
  return [...new Set(callers.filter((caller) => typeof caller === "string"))];
}

async function findTask(c: Context<AppEnv>): Promise<TaskView> {
  const id = c.req.param("id") ?? "";
  const task = await getTask(c.env.DB, id);
  if (!task) {
    throw taskNotFound(id);
  }
  return task;
}

/** The link to what an export wrote, null when that is deleted; undefined where there is none. */
async function fileOf(c: Context<AppEnv>, task: TaskView): Promise<string | null | undefined> {
  if (task.name !== exportOrders.name || task.status !== "SUCCESS" || !mayReadOrders(c)) {
    return undefined;
  }
  const kept = (await c.env.FILES.head(fileKey(task.id))) !== null;
  return kept ? (await fileLink(c.env, task.id, Date.now())).path : null;
}

function mayReadOrders(c: Context<AppEnv>): boolean {
  return can(assertCaller(c.var.caller), "orders:read");
}

function taskNotFound(id: string): AppError {
  return new AppError(404, "task_not_found", `There is no task ${id}`);
}

function readInput(task: TaskView): unknown {
  return JSON.parse(task.input);
}

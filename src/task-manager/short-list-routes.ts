import { OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../caller";
import { assertCaller } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { anyPageQuery, MAX_LIMIT } from "../http/paging";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import type { Engine } from "../tasks/model/engine";
import { Execution, toExecution } from "../tasks/reading/execution";
import { filterShape } from "../tasks/reading/filter";
import { listTasks } from "../tasks/reading/list";
import type { TaskFilter } from "../tasks/reading/task-filter";
import { listWorkers } from "../tasks/statistics/workers";
import { insteadUse } from "./instead-use";
import { seenUser } from "./sight";
import { OldWorkers, toOldWorkers } from "./workers";

/** The old answers have no total, so a given one keeps the list from counting. */
const UNCOUNTED = { count: 0, capped: true };
const RUNNING = ["STARTED", "PROGRESS", "RETRY"] as const;

const limit = (usual: number) => anyPageQuery.limit.default(usual).openapi({ example: usual });

const someTasks = {
  200: {
    description: "The newest of them",
    content: json(
      z
        .object({ success: z.literal(true), tasks: z.array(Execution), count: z.int() })
        .openapi("OldTaskList"),
    ),
  },
};
const wrongParameter = problems({ 400: "A parameter is wrong; `parameter` names it" });

const workersRoute = createRoute({
  method: "get",
  path: "/workers_status",
  ...insteadUse("`GET /api/tasks/workers/`"),
  summary: "Workers that run tasks now",
  responses: { 200: { description: "All of them", content: json(OldWorkers) } },
});

const activeRoute = createRoute({
  method: "get",
  path: "/active_tasks",
  ...insteadUse("`GET /api/tasks/executions/?status=`"),
  summary: `Tasks that are ${RUNNING.join(", ")}, newest first, at most ${MAX_LIMIT}`,
  responses: someTasks,
});

const myRoute = createRoute({
  method: "get",
  path: "/my_tasks",
  ...insteadUse("`GET /api/tasks/user-tasks/`"),
  summary: "The caller's own tasks, newest first",
  request: { query: z.object({ limit: limit(20) }) },
  responses: { ...someTasks, ...wrongParameter },
});

const moduleRoute = createRoute({
  method: "get",
  path: "/module_tasks",
  ...insteadUse("`GET /api/tasks/executions/?task_module=`"),
  summary: "Tasks of a module among the latest 1,000, newest first",
  request: { query: z.object({ module: filterShape.task_module.unwrap(), limit: limit(50) }) },
  responses: { ...someTasks, ...wrongParameter },
});

/**
 * The lists without pages are mounted at /api/task-manager/tasks before the routes that take an id.
 */
export function shortListRoutes(engine: Engine) {
  const newest = async (db: D1Database, filter: TaskFilter, limit: number) =>
    (await listTasks(db, filter, { limit, cursor: null, total: UNCOUNTED })).rows;

  const answer = (tasks: Awaited<ReturnType<typeof newest>>) => ({
    success: true as const,
    tasks: tasks.map((task) => toExecution(task, engine)),
    count: tasks.length,
  });

  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(workersRoute, async (c) => {
      const user = seenUser(assertCaller(c.var.caller));
      return c.json(toOldWorkers(await listWorkers(c.env.DB, { user })), 200);
    })
    .openapi(activeRoute, async (c) => {
      const user = seenUser(assertCaller(c.var.caller));
      const lists = RUNNING.map((status) => newest(c.env.DB, { user, status }, MAX_LIMIT));
      // A task that changes its state between the reads may be in two of the lists.
      const byId = new Map((await Promise.all(lists)).flat().map((task) => [task.id, task]));
      const tasks = [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
      return c.json(answer(tasks.slice(0, MAX_LIMIT)), 200);
    })
    .openapi(myRoute, async (c) => {
      const user = callerId(assertCaller(c.var.caller));
      return c.json(answer(await newest(c.env.DB, { user }, c.req.valid("query").limit)), 200);
    })
    .openapi(moduleRoute, async (c) => {
      const { module, limit } = c.req.valid("query");
      const user = seenUser(assertCaller(c.var.caller));
      return c.json(answer(await newest(c.env.DB, { user, module }, limit)), 200);
    });
}

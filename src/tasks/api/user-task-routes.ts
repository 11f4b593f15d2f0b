import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { can, callerId } from "../../caller";
import { assertCaller } from "../../http/require";
import { callerOf } from "../../auth/people/names";
import { type AppEnv, validationHook } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { json } from "../../http/json-content";
import { nullsLeftOut } from "../../http/nulls-left-out";
import {
  anyPageQuery,
  pageOf,
  pageQuery,
  readCursor,
  pageBody,
  writeCursor,
} from "../../http/paging";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { Execution, toExecution } from "../reading/execution";
import { filterShape } from "../reading/filter";
import { nextAfter } from "../reading/list";
import { STATUSES } from "../model/states";
import { operatorOf } from "../commands/operator";
import { granted, problemOf } from "../commands/refusals";
import { cancelOfUser } from "../commands/user-task-cancel";
import { listUserTasks } from "../reading/user-tasks";

const count = z.int();
const { user, task_module, task_name } = filterShape;

const whose = {
  user: user.openapi({
    description: "The id of a person or a key, or user:ID, key:ID; without it, the caller",
  }),
  task_module,
  module: task_module.openapi({ description: "The same as `task_module`" }),
};

const UserTask = z
  .object({
    id: z.string(),
    task_id: z.string(),
    task_name: z.string(),
    task_module: z.string(),
    status: z.enum(STATUSES),
    description: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    progress: count.openapi({ description: "0 to 100" }),
    result: z.unknown().openapi({ description: "{} when there is none" }),
    error_message: z.string(),
  })
  .openapi("UserTask");

const UserTasks = pageOf(Execution, "UserTaskPage").extend({
  tasks: z.array(UserTask).openapi({ description: "The same tasks as `results`, in brief" }),
  stats: z
    .object({
      total: count,
      pending: count,
      started: count,
      success: count,
      failure: count,
      revoked: count,
      capped: z.boolean().openapi({ description: "There are more than 1,000: more may match" }),
    })
    .openapi({
      description:
        "Of those of the user's latest 1,000 tasks that match; RETRY is pending, PROGRESS started",
    }),
});

const userTasksRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["overview"],
  summary:
    "The caller's own tasks, newest first, and what became of them; another's with tasks:read",
  request: {
    query: z.object({ ...anyPageQuery, ...whose, status: z.enum(STATUSES).optional() }),
  },
  responses: {
    200: { description: "A page of them", content: json(UserTasks) },
    ...problems({ 400: "A parameter is wrong", 403: "Another's need tasks:read" }),
  },
});

const cancelRoute = createRoute({
  method: "post",
  path: "/cancel",
  tags: ["tasks"],
  summary: "Cancel all that has not ended of the caller's; another's with tasks:write",
  description:
    "All that is PENDING, STARTED, PROGRESS or RETRY, at most 1,000 a call. While `more` is true, call again with `cursor`. To cancel by any other filter use `POST /api/tasks/bulk`.",
  request: {
    body: {
      content: {
        "application/json": {
          schema: nullsLeftOut(z.strictObject({ ...whose, task_name, cursor: pageQuery.cursor })),
        },
      },
    },
  },
  responses: {
    200: {
      description: "What came of it",
      content: json(
        z.object({
          cancelled: count,
          failed: count.openapi({ description: "These had ended by then" }),
          total_attempted: count,
          more: z.boolean().openapi({ description: "There may be more, from `cursor` on" }),
          cursor: z.string().nullable(),
        }),
      ),
    },
    ...problems({ 400: "A field is wrong", 403: "Another's need tasks:write" }),
  },
});

/** The tasks that callers started have these routes, mounted at /api/tasks/user-tasks. */
export function userTaskRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(userTasksRoute, async (c) => {
      const { limit, cursor, status, ...asked } = c.req.valid("query");
      const user = await userOf(c, asked.user);
      const caller = assertCaller(c.var.caller);
      if (user !== callerId(caller) && !can(caller, "tasks:read")) {
        throw problemOf({ kind: "needs_scope", scope: "tasks:read" });
      }
      const filter = { module: moduleOf(asked), status };
      const request = { limit, cursor: readCursor(cursor) };
      const { page, stats } = await listUserTasks(c.env.DB, user, filter, request);
      const view = pageBody(page, c.req.url, (task) => toExecution(task, engine));
      return c.json({ ...view, tasks: view.results.map(toUserTask), stats }, 200);
    })
    .openapi(cancelRoute, async (c) => {
      const { task_name, cursor, ...asked } = c.req.valid("json");
      const filter = {
        user: await userOf(c, asked.user),
        module: moduleOf(asked),
        name: task_name,
      };
      const place = readCursor(cursor)?.key ?? null;
      const done = granted(await cancelOfUser(operatorOf(c, engine), filter, place));
      const cancelled = done.cancelled.length;
      return c.json(
        {
          cancelled,
          failed: done.attempted - cancelled,
          total_attempted: done.attempted,
          more: done.next !== null,
          cursor: done.next && writeCursor(nextAfter(done.next)),
        },
        200,
      );
    });
}

/** Returns the user whose tasks are meant, as stored: the caller if the request names none. */
async function userOf(c: Context<AppEnv>, asked: string | undefined): Promise<string> {
  return asked === undefined ? callerId(assertCaller(c.var.caller)) : callerOf(c.env.DB, asked);
}

function moduleOf({ task_module, module }: { task_module?: string; module?: string }) {
  if (task_module !== undefined && module !== undefined && task_module !== module) {
    const parameter = "module";
    const detail = "module: another than task_module, which it is the same as";
    throw new AppError(400, "invalid_parameter", detail, { parameter });
  }
  return task_module ?? module;
}

function toUserTask(task: Execution): z.infer<typeof UserTask> {
  const { id, task_id, task_name, task_module, status, description } = task;
  const { created_at, updated_at, progress } = task;
  const { result_data: result, error_message } = task;
  const named = { id, task_id, task_name, task_module, status, description };
  return { ...named, created_at, updated_at, progress, result, error_message };
}

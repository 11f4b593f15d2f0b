import { OpenAPIHono, z } from "@hono/zod-openapi";
import { actingOf } from "../audit/audit";
import { can, callerId, type Scope } from "../caller";
import { assertCaller, requireScope } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { limitBody } from "../http/body-limit";
import { AppError } from "../http/errors";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { statusOf } from "../tasks/reading/execution";
import { filterShape, toFilter } from "../tasks/reading/filter";
import { taskIfAny } from "../tasks/commands/known-task";
import { noSuchTask, wrongState } from "../tasks/commands/refusals";
import { fileKey } from "./file";
import { FORMAT_NAMES } from "./formats";
import { fileLink } from "./link";
import { OrderExportInput } from "./orders";
import { readsOf } from "./reads";
import { startOrderExport, startTaskExport } from "./start";

const started = {
  202: {
    description: "The task that does it",
    content: { "application/json": { schema: z.object({ task_id: z.string() }) } },
  },
  ...problems({ 400: "A filter is wrong: `parameter` says which" }),
};

const startRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["exports"],
  summary: "Export processed orders to a file",
  middleware: [limitBody(), requireScope("orders:read")] as const,
  request: {
    body: { required: true, content: { "application/json": { schema: OrderExportInput } } },
  },
  responses: started,
});

const startTasksRoute = createRoute({
  method: "post",
  path: "/tasks",
  tags: ["exports"],
  summary: "Export tasks to a file: those of a filter, newest first",
  middleware: [limitBody(), requireScope("tasks:read")] as const,
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            formato: z.enum(FORMAT_NAMES),
            filter: z.strictObject(filterShape).default({}).openapi({
              description: "As the list of tasks takes it; none is all tasks.",
            }),
          }),
        },
      },
    },
  },
  responses: started,
});

const linkRoute = createRoute({
  method: "post",
  path: "/{task_id}/link",
  tags: ["exports"],
  summary: "A link to download an export's file, good for an hour for whoever has it",
  request: { params: z.object({ task_id: z.string() }) },
  responses: {
    200: {
      description: "The link",
      content: {
        "application/json": { schema: z.object({ url: z.url(), expires_at: z.iso.datetime() }) },
      },
    },
    ...problems({
      403: "The scope of what it holds is missing, or it is another's and tasks:read is",
      404: "No such export, or its file is deleted",
      409: "It has not succeeded; its state is in `state`",
    }),
  },
});

/** Exports have these routes, mounted at /api/exports. */
export const exportRoutes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
  .openapi(startRoute, async (c) => {
    const task_id = await startOrderExport(actingOf(c), c.req.valid("json"));
    return c.json({ task_id }, 202);
  })
  .openapi(startTasksRoute, async (c) => {
    const { formato, filter } = c.req.valid("json");
    const input = { formato, filter: toFilter(filter) };
    const task_id = await startTaskExport(actingOf(c), input, filter);
    return c.json({ task_id }, 202);
  })
  .openapi(linkRoute, async (c) => {
    const { task_id } = c.req.valid("param");
    const caller = assertCaller(c.var.caller);
    const task = await taskIfAny(c.env, task_id);
    if (!can(caller, "tasks:read") && task?.user !== callerId(caller)) {
      throw needsScope("An export of someone else needs the scope tasks:read.", "tasks:read");
    }
    const reads = task && readsOf(task);
    if (!reads) {
      throw noSuchTask(task_id);
    }
    if (!can(caller, reads)) {
      throw needsScope(`What it holds needs the scope ${reads}.`, reads);
    }
    if (task.status !== "SUCCESS") {
      throw wrongState(statusOf(task));
    }
    if ((await c.env.FILES.head(fileKey(task.id))) === null) {
      throw fileNotFound();
    }
    const { path, expiresAt } = await fileLink(c.env, task.id, Date.now());
    const link = {
      url: new URL(path, c.req.url).href,
      expires_at: new Date(expiresAt).toISOString(),
    };
    return c.json(link, 200);
  });

function needsScope(detail: string, scope: Scope): AppError {
  return new AppError(403, "forbidden", detail, { scope });
}

export function fileNotFound(): AppError {
  return new AppError(404, "file_not_found", "The file is deleted: export again.");
}

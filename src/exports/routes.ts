import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { can, callerId } from "../auth/caller";
import { assertCaller, requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { limitBody } from "../http/body-limit";
import { AppError } from "../http/errors";
import { problems } from "../http/problem-docs";
import { enqueueOne } from "../tasks/enqueue";
import { getTask } from "../tasks/queries";
import { noSuchTask, wrongState } from "../tasks/refusals";
import { statusOf } from "../tasks/execution";
import { fileKey } from "./file";
import { ExportInput } from "./input";
import { fileLink } from "./link";
import { exportOrders } from "./task";

const startRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["exports"],
  summary: "Export processed orders to a file",
  middleware: [limitBody(), requireScope("orders:read")] as const,
  request: {
    body: { required: true, content: { "application/json": { schema: ExportInput } } },
  },
  responses: {
    202: {
      description: "The task that does it",
      content: { "application/json": { schema: z.object({ task_id: z.string() }) } },
    },
    ...problems({ 400: "A filter is wrong: `parameter` says which" }),
  },
});

const linkRoute = createRoute({
  method: "post",
  path: "/{task_id}/link",
  tags: ["exports"],
  summary: "A link to download an export's file, good for an hour for whoever has it",
  middleware: requireScope("orders:read"),
  request: { params: z.object({ task_id: z.string() }) },
  responses: {
    200: {
      description: "The link",
      content: {
        "application/json": { schema: z.object({ url: z.url(), expires_at: z.iso.datetime() }) },
      },
    },
    ...problems({
      403: "The export is another's, and tasks:read is missing",
      404: "No such export, or its file is deleted",
      409: "It has not succeeded; its state is in `state`",
    }),
  },
});

/** Exports, mounted at /api/exports. */
export const exportRoutes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
  .openapi(startRoute, async (c) => {
    const user = callerId(assertCaller(c.var.caller));
    const taskId = await enqueueOne(c.env, exportOrders, c.req.valid("json"), { user });
    return c.json({ task_id: taskId }, 202);
  })
  .openapi(linkRoute, async (c) => {
    const { task_id } = c.req.valid("param");
    const caller = assertCaller(c.var.caller);
    const task = await getTask(c.env.DB, task_id);
    if (!can(caller, "tasks:read") && task?.user !== callerId(caller)) {
      const detail = "An export of someone else needs the scope tasks:read.";
      throw new AppError(403, "forbidden", detail, { scope: "tasks:read" });
    }
    if (task?.name !== exportOrders.name) {
      throw noSuchTask(task_id);
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
    return c.json(link, 200, { "cache-control": "no-store" });
  });

export function fileNotFound(): AppError {
  return new AppError(404, "file_not_found", "The file is deleted: export again.");
}

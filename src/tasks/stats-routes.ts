import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { json } from "../http/json-content";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import type { Engine } from "./engine";
import { Execution, toExecution } from "./execution";
import { moduleStats } from "./overview";

const seconds = z.number().nullable();

const Stats = z
  .object({
    total_tasks: z.int().openapi({ description: "Accepted in these days" }),
    success_rate: z.number().nullable().openapi({ description: "0 to 1" }),
    avg_duration: seconds,
    p50_duration: seconds,
    p95_duration: seconds,
    by_status: z.record(z.enum(["PENDING", "SUCCESS", "FAILURE", "REVOKED"]), z.int()).openapi({
      description: "Ends in these days; PENDING is all that is open now",
    }),
    by_task_name: z.record(
      z.string(),
      z.object({ total: z.int(), success: z.int(), failure: z.int() }),
    ),
    recent_failures: z.array(Execution),
  })
  .openapi("ModuleStats");

const MAX_DAYS = 30;

const statsRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["overview"],
  summary: "Statistics of a module, or of all: today and so many whole days (UTC) before it",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({
      module: z.string().min(1).max(100).optional(),
      days: z.coerce.number().int().min(1).max(MAX_DAYS).default(7),
    }),
  },
  responses: {
    200: { description: "The statistics", content: json(Stats) },
    ...problems({ 400: "A parameter is wrong" }),
  },
});

/** Statistics of modules, mounted at /api/tasks/stats. */
export function statsRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    statsRoute,
    async (c) => {
      const stats = await moduleStats(c.env.DB, c.req.valid("query"));
      return c.json(
        {
          total_tasks: stats.total,
          success_rate: stats.successRate,
          avg_duration: stats.meanSeconds,
          p50_duration: stats.p50Seconds,
          p95_duration: stats.p95Seconds,
          by_status: stats.byStatus,
          by_task_name: Object.fromEntries(stats.byName.map(({ name, ...of }) => [name, of])),
          recent_failures: stats.recentFailures.map((task) => toExecution(task, engine)),
        },
        200,
      );
    },
  );
}

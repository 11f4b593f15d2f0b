import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { type AppEnv, validationHook } from "../../http/app-env";
import { json } from "../../http/json-content";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { filterShape } from "../reading/filter";
import { moduleStats } from "../statistics/module-stats";

const count = z.int();
const byTask = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);

const Stats = z
  .object({
    total_tasks: count.openapi({ description: "Accepted in these days" }),
    success_rate: z.number().openapi({
      description:
        "How many ended well in these days, in percent of `total_tasks`: 0 without any, and never over 100, though what was accepted before may have ended in them",
      example: 97.5,
    }),
    avg_duration: z.number().openapi({
      description: "Seconds from first start to success, of those of these days; 0 without any",
    }),
    p50_duration: z.number().nullable(),
    p95_duration: z.number().nullable(),
    by_status: z
      .object({
        PENDING: count,
        STARTED: count,
        SUCCESS: count,
        FAILURE: count,
        REVOKED: count,
      })
      .openapi({
        description:
          "SUCCESS, FAILURE and REVOKED: ends in these days, less those run again. PENDING (with RETRY) and STARTED (with PROGRESS): accepted in these days and open now; while more than 250 wait in a queue, PENDING may count some accepted before, but no more than `total_tasks`; of more than 1,000 open elsewhere the rest count as the last of these, by when they must report",
      }),
    by_task_name: byTask(count).openapi({ description: "Accepted in these days" }),
    outcomes_by_task_name: byTask(z.object({ total: count, success: count, failure: count })),
    recent_failures: z
      .array(
        z.object({
          task_id: z.string(),
          task_name: z.string(),
          error_code: z.string().nullable(),
          error_message: z.string(),
          created_at: z.iso.datetime(),
          user: z.string().nullable().openapi({
            description: "The name of a person or a key; null for nobody",
          }),
        }),
      )
      .openapi({
        description:
          "The latest, at most five, of the tasks accepted in these days; among the latest 1,000 failed or cancelled",
      }),
  })
  .openapi("ModuleStats");

/** Statistics reach back a hundred years at most; a larger number is brought down to that. */
const MAX_DAYS = 36_500;

const statsRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["overview"],
  summary: "Statistics of a module, or of all: today and so many whole days (UTC) before it",
  description:
    "Every day stays counted by itself, from 31 days before a version that does so was deployed: older ones are in no sum of days.",
  middleware: requireScope("tasks:read"),
  request: {
    query: z.object({
      module: filterShape.task_module,
      days: z.coerce
        .number()
        .int()
        .min(1)
        .overwrite((days) => Math.min(days, MAX_DAYS))
        .default(7),
    }),
  },
  responses: {
    200: { description: "The statistics", content: json(Stats) },
    ...problems({ 400: "A parameter is wrong" }),
  },
});

/** Statistics of modules have these routes, mounted at /api/tasks/stats. */
export function statsRoutes(engine: Engine) {
  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook }).openapi(
    statsRoute,
    async (c) => {
      const stats = await moduleStats(c.env, engine, c.req.valid("query"));
      const named = stats.byName.map(({ name, ...of }) => [name, of] as const);
      const accepted = named.filter(([, of]) => of.total > 0);
      return c.json(
        {
          total_tasks: stats.total,
          success_rate: stats.successRate,
          avg_duration: stats.meanSeconds ?? 0,
          p50_duration: stats.p50Seconds,
          p95_duration: stats.p95Seconds,
          by_status: stats.byStatus,
          by_task_name: Object.fromEntries(accepted.map(([name, of]) => [name, of.total])),
          outcomes_by_task_name: Object.fromEntries(named),
          recent_failures: stats.recentFailures.map((task) => ({
            task_id: task.external_id ?? task.id,
            task_name: task.name,
            error_code: task.error_code,
            error_message: task.error_message ?? "",
            created_at: new Date(task.created_at).toISOString(),
            user: task.user_name,
          })),
        },
        200,
      );
    },
  );
}

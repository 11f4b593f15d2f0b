import { OpenAPIHono, z } from "@hono/zod-openapi";
import { requireScope } from "../../http/require";
import { usedShare, takesWork } from "../../db/storage";
import { type AppEnv, validationHook } from "../../http/app-env";
import { json } from "../../http/json-content";
import { problems } from "../../http/problem-docs";
import { createRoute } from "../../http/route";
import type { Engine } from "../model/engine";
import { filterShape, toFilter } from "../reading/filter";
import { MAX_LOOKED } from "../statistics/open-work";
import { overview } from "../statistics/overview";
import { STATUSES } from "../model/states";
import { listWorkers } from "../statistics/workers";

const seconds = z.number().nullable();
const { user, task_module, lote } = filterShape;

const Worker = z
  .object({
    worker: z.string(),
    queue: z.string(),
    since: z.iso.datetime(),
    lease_expires_at: z.iso.datetime(),
    batch_size: z.int(),
    tasks: z
      .array(z.object({ task_id: z.string(), task_name: z.string() }))
      .openapi({ description: "The first 20" }),
  })
  .openapi("Worker");

const workersRoute = createRoute({
  method: "get",
  path: "/workers",
  tags: ["overview"],
  summary: "Consumers at work: what each runs, and since when",
  description: "With a filter, those at work on its tasks, and of their batches only these.",
  middleware: requireScope("tasks:read"),
  request: { query: z.object({ user, task_module, lote }) },
  responses: {
    200: { description: "All of them", content: json(z.array(Worker)) },
    ...problems({ 400: "A parameter is wrong" }),
  },
});

const Overview = z
  .object({
    totals: z.record(z.enum(STATUSES), z.int()),
    totals_capped: z.boolean().openapi({
      description: "Of those not ended not all were looked at: more may be RETRY or PROGRESS",
    }),
    queues: z.array(
      z.object({
        queue: z.string(),
        due: z.int().openapi({ description: "Tasks that could run now" }),
        waiting: z.int().openapi({ description: "Tasks that wait for a time of their own" }),
        capped: z.boolean().openapi({
          description: `More than ${MAX_LOOKED} wait: due and waiting are of the first of them`,
        }),
        oldest_age_seconds: seconds.openapi({
          description:
            "Of those that could run now; what waited through a pause counts from its end",
        }),
        messages: z.int().nullable().openapi({ description: "As the platform says" }),
        paused: z
          .object({ since: z.iso.datetime(), by: z.string(), reason: z.string() })
          .nullable(),
      }),
    ),
    database: z.object({
      bytes: z.int(),
      limit_bytes: z.int().openapi({ description: "As `DATABASE_MAX_GB` says" }),
      share: z.number().openapi({ description: "0 to 1" }),
      takes_work: z.boolean().openapi({ description: "If not, new work is refused with 507" }),
    }),
    per_minute: z.object({
      minutes: z.int().openapi({ description: "Of how many the mean is" }),
      accepted: z.number(),
      succeeded: z.number(),
      failed: z.number(),
    }),
    workers: z.int().openapi({ description: "Consumers at work" }),
    registered_tasks: z.array(
      z.object({
        name: z.string(),
        module: z.string(),
        description: z.string(),
        queue: z.string(),
        public: z.boolean().openapi({ description: "It may be started over the API" }),
      }),
    ),
    system: z.record(z.string(), z.unknown()),
  })
  .openapi("Overview");

const overviewRoute = (path: "/flower-info" | "/info") =>
  createRoute({
    method: "get",
    path,
    tags: ["overview"],
    summary: "The state of the whole system",
    middleware: requireScope("tasks:read"),
    responses: { 200: { description: "Now", content: json(Overview) } },
  });

/** SystemInfo tells what else the whole system is made of, for `system` of the overview. */
export type SystemInfo = (env: Env) => Promise<Record<string, unknown>>;

/** The overview, the workers and the metrics have these routes, mounted at /api/tasks. */
export function overviewRoutes(engine: Engine, systemInfo: SystemInfo) {
  const show = async (env: Env) => {
    const now = Date.now();
    const { totals, capped, queues, storage, perMinute, tasks, open } = await overview(
      env,
      engine,
      now,
    );
    return {
      totals,
      totals_capped: capped,
      queues: queues.map(({ oldestMs, pause, ...queue }) => ({
        ...queue,
        oldest_age_seconds: oldestMs === null ? null : oldestMs / 1000,
        paused: pause && {
          since: new Date(pause.since).toISOString(),
          by: pause.by,
          reason: pause.reason,
        },
      })),
      database: {
        bytes: storage.bytes,
        limit_bytes: storage.limit,
        share: usedShare(storage),
        takes_work: takesWork(storage),
      },
      per_minute: perMinute,
      workers: open.leases.filter(({ expiresAt }) => expiresAt > now).length,
      registered_tasks: tasks,
      system: await systemInfo(env),
    };
  };

  return new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook })
    .openapi(workersRoute, async (c) => {
      const workers = await listWorkers(c.env.DB, toFilter(c.req.valid("query")));
      const view = workers.map(({ worker, queue, since, expiresAt, batchSize, tasks }) => ({
        worker,
        queue,
        since: new Date(since).toISOString(),
        lease_expires_at: new Date(expiresAt).toISOString(),
        batch_size: batchSize,
        tasks: tasks.map(({ id, name }) => ({ task_id: id, task_name: name })),
      }));
      return c.json(view, 200);
    })
    .openapi(overviewRoute("/flower-info"), async (c) => c.json(await show(c.env), 200))
    .openapi(overviewRoute("/info"), async (c) => c.json(await show(c.env), 200));
}

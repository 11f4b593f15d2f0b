import { z } from "@hono/zod-openapi";
import type { Worker } from "../tasks/statistics/workers";

const OldWorker = z.object({
  name: z.string(),
  status: z
    .enum(["active", "inactive"])
    .openapi({ description: "Only workers that run something are known, so all are active" }),
  active_tasks: z.int(),
  total_tasks: z.int().openapi({ description: "As active_tasks: what ran before is not counted" }),
  queues: z.array(z.string()),
  uptime: z.number().openapi({ description: "Seconds since it took the oldest of its batches" }),
});

export const OldWorkers = z
  .object({
    success: z.literal(true),
    workers: z.array(OldWorker),
    total_workers: z.int(),
    active_workers: z.int(),
  })
  .openapi("OldWorkers");

/** Groups consumers at work by their isolate, which is what the old program called a worker. */
export function toOldWorkers(consumers: readonly Worker[], now = Date.now()) {
  const workers = [...Map.groupBy(consumers, ({ worker }) => worker)].map(([name, own]) => {
    const tasks = own.reduce((sum, { batchSize }) => sum + batchSize, 0);
    return {
      name,
      status: "active" as const,
      active_tasks: tasks,
      total_tasks: tasks,
      queues: [...new Set(own.map(({ queue }) => queue))],
      uptime: (now - Math.min(...own.map(({ since }) => since))) / 1000,
    };
  });
  const count = workers.length;
  return { success: true as const, workers, total_workers: count, active_workers: count };
}

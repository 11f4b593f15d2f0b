import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env as realEnv } from "cloudflare:workers";
import { vi } from "vitest";
import { configOf } from "../../src/config";
import { guarded } from "../../src/db/guarded";
import { enqueueOrders } from "../../src/orders/intake/ingest";
import { processOrder } from "../../src/orders/pipeline/task";
import { claim } from "../../src/tasks/running/claim";
import { consume } from "../../src/tasks/running/consumer";
import { Engine } from "../../src/tasks/model/engine";
import { enqueue } from "../../src/tasks/accepting/enqueue";
import type { TaskDefinition } from "../../src/tasks/model/define";
import { getTask, type TaskView } from "../../src/tasks/model/queries";
import { AT_ONCE } from "./faults";
import { withOwnDesk } from "./ingest-desk";

export const orderEngine = new Engine([processOrder]);

let environments = 0;

/**
 * Returns an environment of the test's own. Its variables, and thus its catalogue cache, and its
 * catalogue are new, because the desk remembers what each catalogue did.
 */
export function testEnv(overrides: Partial<Record<keyof Env, unknown>> = {}): Env {
  environments += 1;
  const { CATALOGUE_URL: url } = overrides;
  const own = typeof url === "string" ? { CATALOGUE_URL: `${url}/${environments}` } : {};
  return withOwnDesk(guarded({ ...realEnv, ...overrides, ...own } as Env, AT_ONCE));
}

/**
 * `deafQueue` loses everything, so rows stay PENDING until the test delivers their messages itself.
 */
export const deafQueue = { sendBatch: () => Promise.resolve() } as unknown as Queue;

/** Stores orders' tasks without sending their messages. */
export async function storeOrders(env: Env, orders: readonly unknown[]): Promise<string[]> {
  const accepted = await enqueueOrders({ ...env, QUEUE_ORDERS: deafQueue }, orders, null);
  return accepted.taskIds;
}

/** Stores tasks of a test's own definition without sending their messages. */
export async function storeTasks(
  env: Env,
  definition: TaskDefinition,
  inputs: readonly unknown[],
): Promise<string[]> {
  const tasks = inputs.map((input) => ({ input: JSON.stringify(input), subject: null }));
  const deaf = { ...env, QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue };
  const accepted = await enqueue(deaf, definition, tasks, { user: null });
  return accepted.taskIds;
}

export interface Delivery {
  /** `acked` has the task ids whose message was acked. */
  acked: string[];
  retried: string[];
}

/** Delivers one message per task to the consumer in one batch, as the platform would. */
export async function deliver(
  ids: readonly string[],
  env: Env,
  engine: Engine = orderEngine,
  attempts = 1,
): Promise<Delivery> {
  return deliverBodies(
    ids.map((id) => ({ v: 1, task_id: id })),
    env,
    engine,
    attempts,
  );
}

/**
 * Delivers any bodies in one batch. The answer names messages by their task id, or else by their
 * place.
 */
export async function deliverBodies(
  bodies: readonly unknown[],
  env: Env,
  engine: Engine = orderEngine,
  attempts = 1,
): Promise<Delivery> {
  const names = bodies.map((body, index) =>
    typeof body === "object" && body !== null && "task_id" in body
      ? String(body.task_id)
      : `#${index}`,
  );
  const batch = createMessageBatch(
    "pedidos-orders",
    bodies.map((body, index) => ({
      id: `${index}-${crypto.randomUUID()}`,
      timestamp: new Date(),
      attempts,
      body,
    })),
  );
  const ctx = createExecutionContext();
  await consume(batch, env, engine);
  const result = await getQueueResult(batch, ctx);
  const nameOf = (messageId: string) => names[Number(messageId.split("-", 1)[0])] ?? messageId;
  return {
    acked: result.explicitAcks.map(nameOf),
    retried: result.retryMessages.map(({ msgId }) => nameOf(msgId)),
  };
}

export async function taskOf(id: string | undefined): Promise<TaskView> {
  const task = id === undefined ? null : await getTask(realEnv.DB, id);
  if (!task) {
    throw new Error(`no task ${id}`);
  }
  return task;
}

/** Has a consumer take the tasks and die. Returns how many it got. */
export async function takeAndDie(ids: string[], suspect = false): Promise<number> {
  const { claimed } = await claim(realEnv.DB, {
    token: crypto.randomUUID(),
    ids,
    queue: "orders",
    worker: "dead",
    now: Date.now(),
    leaseMs: configOf(realEnv).leaseMs,
    suspect,
  });
  return claimed.length;
}

/** Makes every waiting task due now, as if its delay had passed. */
export async function passWaits(ids: readonly string[]): Promise<void> {
  await realEnv.DB.prepare(
    "UPDATE tasks SET ready_at = 0 WHERE id IN (SELECT value FROM json_each(?1))",
  )
    .bind(JSON.stringify(ids))
    .run();
}

const { now: realNow } = Date;

/** Moves the time forward until mocks are restored. */
export function passTime(ms: number): void {
  const ahead = Date.now() - realNow() + ms;
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + ahead);
}

/** Makes every lease lapse, as if its consumer had died and its time had passed. */
export async function lapseLeases(): Promise<void> {
  await realEnv.DB.prepare("UPDATE leases SET expires_at = 1").run();
}

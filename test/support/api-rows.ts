import { env } from "cloudflare:workers";
import { fold } from "../../src/lib/fold";
import type { StoredStatus } from "../../src/tasks/model/states";
import { newBatchId, taskId } from "../../src/lib/ids";
import { recount } from "./recount";

export interface TaskSeed {
  id: string;
  status: StoredStatus;
  subject?: string | null;
}

/** Inserts the tasks of one batch straight into the database: nothing is sent, nothing will run. */
export async function seedTasks(
  lote: string,
  statuses: readonly StoredStatus[],
  subjectOf: (index: number) => string | null = () => null,
): Promise<TaskSeed[]> {
  const seeds = statuses.map((status, index) => ({
    id: taskId(lote, index),
    status,
    subject: subjectOf(index),
  }));
  const far = Date.now() + 86_400_000; // Recovery looks at them only after the test.
  await env.DB.prepare(
    `INSERT INTO tasks (id, name, module, queue, status, subject, input, max_attempts, ready_at,
       sent_at, check_at, created_at, finished_at, error_code, error_message)
     SELECT value ->> 'id', 'pedidos.procesar', 'pedidos', 'orders', value ->> 'status',
       value ->> 'subject', '{}', 3, ?2, NULL, ?2, ?3,
       CASE WHEN value ->> 'status' IN ('PENDING', 'RETRY') THEN NULL ELSE ?3 END,
       CASE WHEN value ->> 'status' = 'FAILURE' THEN 'empty_order' END,
       CASE WHEN value ->> 'status' = 'FAILURE' THEN 'seeded' END
     FROM json_each(?1)`,
  )
    .bind(JSON.stringify(seeds), far, Date.now())
    .run();
  await recount();
  return seeds;
}

/** Inserts one waiting task per user, all in one batch. */
export async function tasksOf(...users: (string | null)[]): Promise<string[]> {
  const seeds = await seedTasks(
    newBatchId(Date.now()),
    users.map(() => "PENDING"),
  );
  const ids = seeds.map(({ id }) => id);
  await env.DB.batch(
    users.map((user, n) =>
      env.DB.prepare("UPDATE tasks SET user = ? WHERE id = ?").bind(user, ids[n] ?? ""),
    ),
  );
  return ids;
}

/** Inserts a lease on the tasks, as if the named worker were running them. */
export async function seedLease(worker: string, ids: readonly string[]): Promise<string> {
  const token = crypto.randomUUID();
  const now = Date.now();
  await env.DB.prepare(
    `INSERT INTO leases (token, queue, worker, since, expires_at, task_ids)
     VALUES (?1, 'orders', ?2, ?3, ?4, ?5)`,
  )
    .bind(token, worker, now, now + 3_600_000, JSON.stringify(ids))
    .run();
  return token;
}

export async function dropLease(token: string): Promise<void> {
  await env.DB.prepare("DELETE FROM leases WHERE token = ?").bind(token).run();
}

export interface OrderSeed {
  id: string;
  customer?: string;
  processedAt: number;
}

/**
 * Inserts processed orders straight into the database; `old` ones lack the folded customer, as
 * before it existed.
 */
export async function seedOrders(
  orders: readonly OrderSeed[],
  { old = false } = {},
): Promise<void> {
  const rows = orders.map(({ customer = "ACME Corp", ...order }) => ({
    ...order,
    customer,
    folded: old ? null : fold(customer),
  }));
  await env.DB.prepare(
    `INSERT INTO orders (id, task_id, hash, customer, customer_folded, lines, currency, subtotal,
       discount, total, processed_at)
     SELECT value ->> 'id', 'task of ' || (value ->> 'id'), 'hash', value ->> 'customer',
       value ->> 'folded', '[]', 'USD', 0, 0, 0, value ->> 'processedAt'
     FROM json_each(?)`,
  )
    .bind(JSON.stringify(rows))
    .run();
}

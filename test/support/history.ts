import { env } from "cloudflare:workers";
import { fold } from "../../src/lib/fold";
import { newBatchId, taskId } from "../../src/lib/ids";
import type { StoredStatus } from "../../src/tasks/model/states";
import { recount } from "./recount";

export const DAY = 86_400_000;

export interface Past {
  /** When it was accepted. */
  at: number;
  status?: StoredStatus;
  name?: string;
  module?: string;
  user?: string | null;
  worker?: string | null;
  subject?: string | null;
  code?: string | null;
  message?: string | null;
  discarded?: boolean;
  /** The order it stored, of this customer. */
  order?: { id: string; customer: string; processedAt: number };
}

/** Tasks of the past with their orders, put straight into the database; nothing of them will run. */
export async function seedPast(pasts: readonly Past[]): Promise<string[]> {
  const ids = pasts.map(({ at }) => taskId(newBatchId(at), 0));
  const rows = pasts.map((past, n) => ({
    id: ids[n],
    status: past.status ?? "SUCCESS",
    name: past.name ?? "pedidos.procesar",
    module: past.module ?? "pedidos",
    user: past.user ?? null,
    worker: past.worker ?? null,
    subject: past.order?.id ?? past.subject ?? null,
    at: past.at,
    code: past.status === "FAILURE" ? (past.code ?? "invalid_order") : null,
    message: past.status === "FAILURE" ? (past.message ?? "seeded") : null,
    reason: past.discarded ? "seeded" : null,
    isOpen: past.status === "PENDING" || past.status === "RETRY",
    order: past.order && { ...past.order, folded: fold(past.order.customer) },
  }));
  const given = JSON.stringify(rows);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, subject, user, worker, input, max_attempts,
         attempts, ready_at, check_at, created_at, started_at, finished_at, error_code,
         error_message, discard_reason)
       SELECT value ->> 'id', value ->> 'name', value ->> 'module', 'orders', value ->> 'status',
         value ->> 'subject', value ->> 'user', value ->> 'worker', '{}', 3, 1, ?2, ?2,
         value ->> 'at', value ->> 'at', iif(value ->> 'isOpen', NULL, value ->> 'at' + 20),
         value ->> 'code', value ->> 'message', value ->> 'reason'
       FROM json_each(?1)`,
    ).bind(given, Date.now() + 365 * DAY),
    env.DB.prepare(
      `INSERT INTO orders (id, task_id, hash, customer, customer_folded, lines, currency, subtotal,
         discount, total, processed_at)
       SELECT value ->> '$.order.id', value ->> 'id', 'hash', value ->> '$.order.customer',
         value ->> '$.order.folded',
         '[{"sku":"P001","quantity":2,"title":"Mochila","unitPrice":500}]', 'USD', 1000, 0, 1000,
         value ->> '$.order.processedAt'
       FROM json_each(?1) WHERE value -> 'order' IS NOT NULL`,
    ).bind(given),
  ]);
  await recount();
  return ids;
}

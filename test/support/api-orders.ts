import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { batchRange } from "../../src/lib/ids";
import { call, type CallInit, masterKey, pagesFrom } from "./api";

export const JSON_TYPE = "application/json";
export const NDJSON_TYPE = "application/x-ndjson";

export interface Accepted {
  lote: string;
  aceptados: number;
  tareas: { task_id: string; pedido_id: unknown }[];
}

/** An Execution is a task as the API shows it. */
export interface Execution {
  id: string;
  task_id: string;
  status: string;
  lote: string;
  pedido_id: string | null;
  error_code: string | null;
  error_message: string | null;
  error_detail: Record<string, unknown> | null;
  result_data: unknown;
  attempts: number;
  timeline: { at: string; event: string; [field: string]: unknown }[];
  [field: string]: unknown;
}

/** A Pedido is a processed order as the API shows it. */
export interface Pedido {
  id_pedido_original: string | number;
  cliente: string;
  subtotal: string;
  descuento: string;
  total_final: string;
  task_id: string;
  [field: string]: unknown;
}

/**
 * Posts text or bytes unchanged to /api/pedidos. Without a type there is no Content-Type header.
 */
export async function post(
  body: string | Uint8Array | ReadableStream<Uint8Array>,
  type: string | null = JSON_TYPE,
  init: CallInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (type !== null) {
    headers.set("content-type", type);
  }
  // A string body would get a Content-Type of its own, so it is sent as bytes.
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const key = init.cookie === undefined ? await masterKey() : undefined;
  return call("/api/pedidos", { method: "POST", key, ...init, headers, body: bytes });
}

/** Sends orders that must be accepted. */
export async function send(
  body: string | Uint8Array,
  type = JSON_TYPE,
  init: CallInit = {},
): Promise<Accepted> {
  const response = await post(body, type, init);
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(202);
  return JSON.parse(text) as Accepted;
}

/** Waits until all `count` tasks of the batch are final. */
export async function untilFinal(lote: string, count: number, timeout = 25_000): Promise<void> {
  const query = `SELECT count(*) FILTER (WHERE status IN ('SUCCESS', 'FAILURE', 'REVOKED')) AS final,
    count(*) AS stored FROM tasks WHERE id BETWEEN ? AND ?`;
  await expect
    .poll(
      () =>
        env.DB.prepare(query)
          .bind(...batchRange(lote))
          .first(),
      { timeout, interval: 50 },
    )
    .toEqual({ final: count, stored: count });
}

/** Returns the final tasks of a batch, read over the API, in the order they were sent. */
export async function outcomesOf(lote: string, count: number): Promise<Execution[]> {
  await untilFinal(lote, count);
  const path = `/api/tasks/executions/?lote=${lote}&limit=200`;
  const pages = await pagesFrom<Execution>(path, "next");
  const tasks = pages.flatMap((page) => page.results).toReversed();
  expect(tasks).toHaveLength(count);
  return tasks;
}

/** Sends orders in one array, waits until they are final, and returns their tasks in order. */
export async function processAll(orders: readonly unknown[]): Promise<Execution[]> {
  const { lote } = await send(JSON.stringify(orders));
  return outcomesOf(lote, orders.length);
}

export async function pedido(id: unknown): Promise<Response> {
  return call(`/api/pedidos/${encodeURIComponent(String(id))}`, { key: await masterKey() });
}

/** Returns what requests have left in the database, to tell that one left nothing. */
export async function storedRows(): Promise<unknown> {
  return env.DB.prepare(
    `SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM idempotency_keys) AS keys`,
  ).first();
}

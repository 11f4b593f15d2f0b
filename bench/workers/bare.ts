/**
 * The least a Worker can do in the product's place: the same requests, the same queue, the same
 * table, one statement to accept and one to finish; no lease, registry, catalogue, order, or log.
 * What it takes is what the local queue and D1 take, so it shows how much of a figure is theirs.
 */
import product from "../../src/index";

export * from "../../src/index";

const SEND_BATCH = 100;

const ACCEPT = `
INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, ready_at, check_at, created_at)
SELECT value ->> 0, 'bare', 'bare', 'orders', 'PENDING', value -> 1, 1, ?2, ?2, ?2 FROM json_each(?1)`;

const FINISH = `
UPDATE tasks SET status = 'SUCCESS', finished_at = ?2
WHERE id IN (SELECT value FROM json_each(?1)) AND status IN ('PENDING', 'RETRY')`;

async function accept(request: Request, env: Env): Promise<Response> {
  const orders = await request.json<unknown[]>();
  const lote = crypto.randomUUID().slice(0, -4);
  const ids = orders.map((_, index) => lote + index.toString(16).padStart(4, "0"));
  const rows = JSON.stringify(orders.map((order, index) => [ids[index], order]));
  await env.DB.prepare(ACCEPT).bind(rows, Date.now()).run();
  for (let start = 0; start < ids.length; start += SEND_BATCH) {
    const chunk = ids.slice(start, start + SEND_BATCH);
    await env.QUEUE_ORDERS.sendBatch(chunk.map((id) => ({ body: { v: 1, task_id: id } })));
  }
  const tareas = ids.map((id) => ({ task_id: id }));
  return Response.json({ lote, aceptados: ids.length, tareas }, { status: 202 });
}

export default {
  fetch: (request, env, ctx) =>
    request.method === "POST" && new URL(request.url).pathname === "/api/pedidos"
      ? accept(request, env)
      : product.fetch(request, env, ctx),

  async queue(batch, env) {
    const ids = batch.messages.map(({ body }) => (body as { task_id: string }).task_id);
    await env.DB.prepare(FINISH).bind(JSON.stringify(ids), Date.now()).run();
    batch.ackAll();
  },
} satisfies ExportedHandler<Env>;

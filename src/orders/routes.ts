import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { callerId } from "../auth/caller";
import { requireScope } from "../auth/middleware";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { instant } from "../http/instant";
import { pageQuery, readCursor, renderPage } from "../http/paging";
import { readOrders } from "./body";
import { toPedido, toTarea } from "./contract";
import { enqueueOrders } from "./ingest";
import { canonicalId } from "./order";
import { getOrder, listOrders } from "./queries";

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const createOrders = createRoute({
  method: "post",
  path: "/",
  summary: "Send orders to be processed",
  middleware: requireScope("orders:write"),
  responses: { 202: { description: "{lote, aceptados, tareas}" } },
});

const listRoute = createRoute({
  method: "get",
  path: "/",
  summary: "Processed orders, newest first",
  middleware: requireScope("orders:read"),
  request: {
    query: z.object({
      ...pageQuery,
      cliente: z.string().min(1).max(255).optional(),
      desde: instant.optional(),
      hasta: instant.optional(),
      search: z.string().min(1).max(255).optional(),
    }),
  },
  responses: { 200: { description: "{count, next, previous, results}" } },
});

const oneRoute = createRoute({
  method: "get",
  path: "/{id}",
  summary: "One processed order",
  middleware: requireScope("orders:read"),
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: { description: "The order" }, 404: { description: "No such order" } },
});

/** The orders API, mounted at /api/pedidos. */
export const orderRoutes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

orderRoutes.openapi(createOrders, async (c) => {
  const key = c.req.header("idempotency-key");
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) {
    const detail = "Idempotency-Key: 1 to 255 visible ASCII characters";
    throw new AppError(400, "invalid_parameter", detail, { parameter: "Idempotency-Key" });
  }
  const { orders, identity } = await readOrders(c.req.raw);
  const user = c.var.caller && callerId(c.var.caller);
  const idempotency = key === undefined ? undefined : { key, identity };
  const accepted = await enqueueOrders(c.env, orders, user, idempotency);
  if (accepted === "conflict") {
    const detail = "This Idempotency-Key was used with another body within the last 24 hours";
    throw new AppError(422, "idempotency_key_reused", detail);
  }
  const { lote, taskIds, replayed } = accepted;
  const tareas = taskIds.map((taskId, index) => toTarea(taskId, orders[index]));
  const headers = replayed ? { "idempotency-replayed": "true" } : undefined;
  return c.json({ lote, aceptados: tareas.length, tareas }, 202, headers);
});

orderRoutes.openapi(listRoute, async (c) => {
  const { limit, cursor, cliente, desde, hasta, search } = c.req.valid("query");
  const filter = { customer: cliente, from: desde, before: hasta, search };
  const page = await listOrders(c.env.DB, filter, { limit, cursor: readCursor(cursor) });
  return c.json(renderPage(page, c.req.url, toPedido));
});

orderRoutes.openapi(oneRoute, async (c) => {
  const { id } = c.req.valid("param");
  const order = canonicalId(id) === null ? null : await getOrder(c.env.DB, id);
  if (!order) {
    throw new AppError(404, "order_not_found", `There is no processed order ${id}`);
  }
  return c.json(toPedido(order));
});

import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { orArchiveDamaged } from "../archive/find";
import { actingOf } from "../audit/audit";
import { isRefused } from "../lib/result";
import { callerId } from "../caller";
import { requireAdmin, requireScope } from "../http/require";
import { type AppEnv, validationHook } from "../http/app-env";
import { filterText } from "../http/filter-text";
import { json } from "../http/json-content";
import { AppError } from "../http/errors";
import { pageOf, pageQuery, readCursor, pageBody } from "../http/paging";
import { problems, STORAGE_FULL } from "../http/problem-docs";
import { badReason, Reason } from "../http/reason";
import { rateLimit } from "../http/rate-limit";
import { createRoute, takesQuery } from "../http/route";
import { MAX_ORDERS, readOrders } from "./intake/body";
import { deleteOrderAs } from "./delete";
import {
  Accepted,
  orderFilterShape,
  Pedido,
  SentOrder,
  toOrderFilter,
  toPedido,
  toTarea,
} from "./order/contract";
import { assertRoomForOrders, enqueueSent } from "./intake/ingest";
import { findOrder, listOrdersEverywhere } from "./reading/archived";
import { MAX_CUSTOMER_CHARACTERS } from "./order/order";
import { orderNotFound } from "./order/queries";

/**
 * One request in this many is counted, as counting is slow locally; wrangler.toml counts in tens.
 */
const COUNTED_BY = 10;
const ingestLimit = rateLimit("INGEST_LIMIT", ({ var: { caller } }) => caller && callerId(caller), {
  oneIn: COUNTED_BY,
});

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const createOrders = createRoute({
  method: "post",
  path: "/",
  tags: ["orders"],
  summary: "Send orders to be processed: one, an array, or NDJSON; accepted whole or not at all",
  request: {
    headers: z.object({
      "idempotency-key": z.string().optional().openapi({
        description: "The same key and body within 24 hours get the same answer",
      }),
    }),
    body: {
      required: true,
      content: {
        ...json(z.union([SentOrder, z.array(SentOrder).min(1).max(MAX_ORDERS)])),
        "application/x-ndjson": { schema: SentOrder },
      },
    },
  },
  responses: {
    202: { description: "Accepted: each has a task from now on", content: json(Accepted) },
    ...problems({
      400: "The body cannot be read",
      413: "Too many orders, or too much",
      415: "Another type of body",
      429: "Too many requests",
      422: "The Idempotency-Key was used with another body",
      503: "`overloaded`: nothing was accepted, accepted work waits too long, or more comes in than can be written; try again after `Retry-After` seconds; a key that has its answer gets it all the same",
      ...STORAGE_FULL,
    }),
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["orders"],
  summary: "Processed orders, newest first",
  middleware: requireScope("orders:read"),
  request: {
    query: z.object({
      ...pageQuery,
      ...orderFilterShape,
      cliente: orderFilterShape.cliente.openapi({
        description: "A customer's whole name; case and accents do not matter",
      }),
      search: filterText(MAX_CUSTOMER_CHARACTERS).optional().openapi({
        description:
          "An order's id, or words of a customer's name in any case, accents and order; of archived orders, whole words",
      }),
    }),
  },
  responses: {
    200: { description: "A page of them", content: json(pageOf(Pedido, "PedidoPage")) },
    ...problems({ 400: "A parameter is wrong; `parameter` names it" }),
  },
});

const oneRoute = createRoute({
  method: "get",
  path: "/{id}",
  tags: ["orders"],
  summary: "One processed order",
  middleware: requireScope("orders:read"),
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The order", content: json(Pedido) },
    ...problems({
      404: "No such order",
      410: "It was archived, and its copy is damaged",
      503: "`registry_unavailable`: it is not in the database, and where it was archived is not known now",
    }),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/{id}",
  tags: ["orders"],
  summary: "Delete a processed order; its id stays used",
  middleware: requireAdmin(),
  request: {
    params: z.object({ id: z.string() }),
    body: {
      required: true,
      content: json(z.strictObject({ reason: Reason })),
    },
  },
  responses: {
    204: { description: "Deleted" },
    ...problems({ 403: "Not a signed-in administrator", 404: "No such order" }),
  },
});

type Sent = z.input<typeof SentOrder>;

/** Tells the typed client what the body is, which `readOrders` reads and judges. */
const takesOrders: MiddlewareHandler<
  AppEnv,
  string,
  { in: { json: Sent | Sent[] }; out: { json: unknown } }
> = (_c, next) => next();

const site = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });
site.openAPIRegistry.registerPath(createOrders);

/** The orders API is these routes, mounted at /api/pedidos. */
export const orderRoutes = site
  .openapi(listRoute, async (c) => {
    const { limit, cursor, search, ...asked } = c.req.valid("query");
    const filter = { ...toOrderFilter(asked), search };
    const page = await listOrdersEverywhere(c.env, filter, { limit, cursor: readCursor(cursor) });
    return c.json(pageBody(page, c.req.url, toPedido), 200);
  })
  .openapi(oneRoute, async (c) => {
    const { id } = c.req.valid("param");
    const order = await orArchiveDamaged(findOrder(c.env, id));
    if (!order) {
      throw orderNotFound(id);
    }
    return c.json(toPedido(order), 200);
  })
  .openapi(deleteRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const deleted = await deleteOrderAs(actingOf(c), id, reason);
    if (isRefused(deleted)) {
      throw deleted.why.kind === "no_order" ? orderNotFound(id) : badReason();
    }
    return c.body(null, 204);
  })
  .post("/", requireScope("orders:write"), takesQuery(), ingestLimit, takesOrders, async (c) => {
    const key = c.req.header("idempotency-key");
    if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) {
      const detail = "Idempotency-Key: 1 to 255 visible ASCII characters";
      throw new AppError(400, "invalid_parameter", detail, { parameter: "Idempotency-Key" });
    }
    const user = c.var.caller && callerId(c.var.caller);
    await assertRoomForOrders(c.env, key === undefined ? undefined : { user, key });
    const { orders, identity } = await readOrders(c.req.raw);
    const idempotency = key === undefined ? undefined : { key, identity };
    const behind = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
    const accepted = await enqueueSent(c.env, orders, { user, idempotency, behind });
    if (isRefused(accepted)) {
      const detail = "This Idempotency-Key was used with another body within the last 24 hours";
      throw new AppError(422, "idempotency_key_reused", detail);
    }
    const { batchId, taskIds, shownIds, replayed } = accepted;
    const tareas = taskIds.map((taskId, index) => toTarea(taskId, shownIds[index] ?? null));
    const headers = replayed ? { "idempotency-replayed": "true" } : undefined;
    return c.json({ lote: batchId, aceptados: tareas.length, tareas }, 202, headers);
  });

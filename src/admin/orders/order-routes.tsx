import { type Context, Hono } from "hono";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { limitBody } from "../../http/body-limit";
import { assertAdmin, assertCaller, requireAdmin, requireScope } from "../../http/require";
import { exportOrders } from "../../exports/orders";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { deleteOrder } from "../../orders/delete";
import { listOrderSummaries } from "../../orders/reading/list";
import { getOrder, type OrderRow } from "../../orders/order/queries";
import { startTask } from "../../tasks/accepting/start";
import { formText, readForm } from "../shared/form-text";
import { readOrderQuery } from "./order-query";
import { readReason } from "../shared/components/reason-field";
import { DeleteOrderPage } from "./delete-order";
import { OrderPage } from "./order";
import { OrderListPage } from "./order-list";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The processed orders, mounted at /admin/orders. */
export const orderPages = new Hono<AppEnv>({ strict: false });

orderPages.use(requireScope("orders:read"));

orderPages.get("/", async (c) => {
  const view = viewOf(c);
  const query = readOrderQuery(view.url.searchParams);
  if (Object.keys(query.problems).length > 0) {
    return renderPage(c, <OrderListPage view={view} query={query} page={null} />, 400);
  }
  const page = await listOrderSummaries(c.env.DB, query.filter, query.request);
  return renderPage(c, <OrderListPage view={view} query={query} page={page} />);
});

orderPages.post("/exports", limitBody(), async (c) => {
  const form = await readForm(c);
  const fields = ["customer", "from", "to", "zone"].map((name) => [name, formText(form, name)]);
  const query = readOrderQuery(new URLSearchParams(fields));
  const { customer, from, before } = query.filter;
  const input = {
    formato: formText(form, "format"),
    cliente: customer,
    desde: isoOf(from),
    hasta: isoOf(before),
  };
  const user = callerId(assertCaller(c.var.caller));
  const readable = Object.keys(query.problems).length === 0;
  const started = readable && (await startTask(c.env, exportOrders, input, { user }));
  if (typeof started !== "string") {
    return renderPage(c, <OrderListPage view={viewOf(c)} query={query} page={null} />, 400);
  }
  await audit(c, "export.orders", started, input);
  return c.redirect(`/admin/tasks/${started}`, 303);
});

orderPages.get("/:id", async (c) => {
  const view = viewOf(c);
  const order = await findOrder(c);
  return renderPage(
    c,
    <OrderPage view={view} order={order} mayDelete={view.person?.role === "admin"} />,
  );
});

orderPages.get("/:id/deletion", requireAdmin(), async (c) => {
  const { id } = await findOrder(c);
  return renderPage(c, <DeleteOrderPage view={viewOf(c)} id={id} />);
});

orderPages.post("/:id/deletion", requireAdmin(), limitBody(), async (c) => {
  const { id } = await findOrder(c);
  const form = await readForm(c);
  const { reason, wrong } = readReason(form["reason"]);
  if (reason === undefined) {
    return renderPage(c, <DeleteOrderPage view={viewOf(c)} id={id} wrongReason={wrong} />, 400);
  }
  const by = callerId(assertAdmin(c.var.caller));
  if (!(await deleteOrder(c.env, id, { by, reason }))) {
    throw orderNotFound(id);
  }
  await audit(c, "order.delete", id, { reason });
  return c.redirect(`/admin/orders?deleted=${encodeURIComponent(id)}`, 303);
});

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

async function findOrder(c: Context<AppEnv>): Promise<OrderRow> {
  const id = c.req.param("id") ?? "";
  const order = await getOrder(c.env.DB, id);
  if (!order) {
    throw orderNotFound(id);
  }
  return order;
}

function orderNotFound(id: string): AppError {
  return new AppError(404, "order_not_found", `There is no processed order ${id}`);
}

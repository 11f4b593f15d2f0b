import { type Context, Hono } from "hono";
import { orArchiveDamaged } from "../../archive/find";
import { actingOf } from "../../audit/audit";
import { limitBody } from "../../http/body-limit";
import { requireAdmin, requireScope } from "../../http/require";
import { OrderExportInput } from "../../exports/orders";
import { startOrderExport } from "../../exports/start";
import type { AppEnv } from "../../http/app-env";
import { isRefused } from "../../lib/result";
import { deleteOrderAs } from "../../orders/delete";
import { findOrder, listSummariesEverywhere } from "../../orders/reading/archived";
import { orderNotFound, type OrderRow } from "../../orders/order/queries";
import { formText, readForm } from "../shared/form-text";
import { readOrderQuery } from "./order-query";
import { DeleteOrderPage } from "./delete-order";
import { OrderPage } from "./order";
import { OrderListPage } from "./order-list";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The processed orders are mounted at /admin/orders. */
export const orderPages = new Hono<AppEnv>({ strict: false });

orderPages.use(requireScope("orders:read"));

orderPages.get("/", async (c) => {
  const view = viewOf(c);
  const query = readOrderQuery(view.url.searchParams);
  if (Object.keys(query.problems).length > 0) {
    return renderPage(c, <OrderListPage view={view} query={query} page={null} />, 400);
  }
  const page = await listSummariesEverywhere(c.env, query.filter, query.request);
  return renderPage(c, <OrderListPage view={view} query={query} page={page} />);
});

orderPages.post("/exports", limitBody(), async (c) => {
  const form = await readForm(c);
  const fields = ["customer", "from", "to", "zone"].map((name) => [name, formText(form, name)]);
  const query = readOrderQuery(new URLSearchParams(fields));
  const { customer, from, before } = query.filter;
  const asked = {
    formato: formText(form, "format"),
    cliente: customer,
    desde: isoOf(from),
    hasta: isoOf(before),
  };
  const { data: input } = OrderExportInput.safeParse(asked);
  if (Object.keys(query.problems).length > 0 || input === undefined) {
    const view = { ...viewOf(c), url: new URL("/admin/orders", c.req.url) };
    return renderPage(c, <OrderListPage view={view} query={query} page={null} />, 400);
  }
  return c.redirect(`/admin/tasks/${await startOrderExport(actingOf(c), input)}`, 303);
});

orderPages.get("/:id", async (c) => {
  const view = viewOf(c);
  const order = await knownOrder(c);
  const mayDelete = view.person?.role === "admin" && order.archived === undefined;
  return renderPage(c, <OrderPage view={view} order={order} mayDelete={mayDelete} />);
});

orderPages.get("/:id/deletion", requireAdmin(), async (c) => {
  const { id } = await knownOrder(c);
  return renderPage(c, <DeleteOrderPage view={viewOf(c)} id={id} />);
});

orderPages.post("/:id/deletion", requireAdmin(), limitBody(), async (c) => {
  const { id } = await knownOrder(c);
  const form = await readForm(c);
  const reason = formText(form, "reason").trim();
  const deleted = await deleteOrderAs(actingOf(c), id, reason);
  if (isRefused(deleted)) {
    if (deleted.why.kind === "no_order") {
      throw orderNotFound(id);
    }
    return renderPage(c, <DeleteOrderPage view={viewOf(c)} id={id} wrongReason={reason} />, 400);
  }
  return c.redirect(`/admin/orders?deleted=${encodeURIComponent(id)}`, 303);
});

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

async function knownOrder(c: Context<AppEnv>): Promise<OrderRow> {
  const id = c.req.param("id") ?? "";
  const order = await orArchiveDamaged(findOrder(c.env, id));
  if (!order) {
    throw orderNotFound(id);
  }
  return order;
}

import type { OrderRow } from "../../orders/order/queries";
import { ArchivedNotice } from "../shared/components/archived";
import { Fact, Facts } from "../shared/components/facts";
import { Section } from "../shared/components/section";
import { Time } from "../shared/components/time";
import { formatCount, formatMoney, shortId } from "../shared/format";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { ordersWords } from "./words";

/** A StoredLine is a line as the database keeps it. */
interface StoredLine {
  sku: string;
  quantity: number;
  title: string;
  /** `unitPrice` is in minor units. */
  unitPrice: number;
}

interface OrderPageProps {
  view: View;
  order: OrderRow;
  mayDelete: boolean;
}

export function OrderPage({ view, order, mayDelete }: OrderPageProps) {
  const t = ordersWords(view);
  return (
    <Layout view={view} title={`${t("order.title")} ${order.id}`}>
      <div class="heading">
        <h1>
          {t("order.title")} <bdi>{order.id}</bdi>
        </h1>
        <div class="actions">
          {mayDelete && (
            <a
              class="button danger"
              href={`/admin/orders/${encodeURIComponent(order.id)}/deletion`}
            >
              {t("order.delete")}
            </a>
          )}
        </div>
      </div>
      {order.archived && <ArchivedNotice view={view} at={order.archived.at} />}
      <Facts>
        <Fact name={t("orders.customer")} long>
          <bdi>{order.customer}</bdi>
        </Fact>
        <Fact name={t("order.processed")}>
          <Time at={order.processed_at} />
        </Fact>
        <Fact name={t("order.task")}>
          <a href={`/admin/tasks/${order.task_id}`} title={order.task_id}>
            <code>{shortId(order.task_id)}</code>
          </a>
        </Fact>
        <Fact name={t("order.hash")} long>
          <code>{order.hash}</code>
        </Fact>
      </Facts>
      <Section id="lines" title={t("order.lines")}>
        <Lines view={view} order={order} />
      </Section>
    </Layout>
  );
}

function Lines({ view, order }: { view: View; order: OrderRow }) {
  const { language } = view;
  const t = ordersWords(view);
  const money = (minor: number) => formatMoney(view, minor, order.currency);
  const lines = JSON.parse(order.lines) as StoredLine[];
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{t("order.product")}</th>
          <th scope="col">{t("order.sku")}</th>
          <th scope="col" class="number">
            {t("order.quantity")}
          </th>
          <th scope="col" class="number">
            {t("order.unitPrice")}
          </th>
          <th scope="col" class="number">
            {t("order.lineTotal")}
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ title, sku, quantity, unitPrice }) => (
          <tr>
            <th scope="row" data-label={t("order.product")}>
              <bdi>{title}</bdi>
            </th>
            <td data-label={t("order.sku")}>
              <code>
                <bdi>{sku}</bdi>
              </code>
            </td>
            <td data-label={t("order.quantity")} class="number">
              {formatCount(language, quantity)}
            </td>
            <td data-label={t("order.unitPrice")} class="number">
              {money(unitPrice)}
            </td>
            <td data-label={t("order.lineTotal")} class="number">
              {money(quantity * unitPrice)}
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <Sum name={t("orders.subtotal")} amount={money(order.subtotal)} />
        <Sum name={t("orders.discount")} amount={money(-order.discount)} />
        <Sum name={t("orders.total")} amount={money(order.total)} />
      </tfoot>
    </table>
  );
}

function Sum({ name, amount }: { name: string; amount: string }) {
  return (
    <tr>
      <th scope="row" colspan={4} class="number">
        {name}
      </th>
      <td class="number">{amount}</td>
    </tr>
  );
}

import type { MergedPage } from "../../archive/merge";
import type { OrderSummary } from "../../orders/order/queries";
import { ArchivedMark, DamageNotice } from "../shared/components/archived";
import { DayFields } from "../shared/components/day-fields";
import { ExportForm } from "./export-form";
import { LiveRegion } from "../shared/components/live-region";
import { EmptyState } from "../shared/components/empty-state";
import { InputField } from "../shared/components/field";
import { Filters } from "../shared/components/filters";
import { Notice } from "../shared/components/notice";
import { Pager } from "../shared/components/pager";
import { Time } from "../shared/components/time";
import { formatCount, formatMoney } from "../shared/format";
import { Layout } from "../shared/layout";
import type { OrderQuery } from "./order-query";
import type { View } from "../shared/view";
import { ordersWords } from "./words";

interface OrderListPageProps {
  view: View;
  query: OrderQuery;
  /** `page` is null when the filters cannot be read. */
  page: MergedPage<OrderSummary> | null;
}

export function OrderListPage({ view, query, page }: OrderListPageProps) {
  const { url } = view;
  const t = ordersWords(view);
  const deleted = url.searchParams.get("deleted");
  return (
    <Layout view={view} title={t("orders.title")}>
      <h1>{t("orders.title")}</h1>
      {deleted !== null && (
        <Notice kind="good">{t("orders.deleted", { id: deleted.slice(0, 64) })}</Notice>
      )}
      <OrderFilters view={view} query={query} />
      {page === null ? (
        <Notice kind="bad">{t(query.problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <OrderList view={view} query={query} page={page} />
      )}
    </Layout>
  );
}

function OrderFilters({ view, query }: { view: View; query: OrderQuery }) {
  const t = ordersWords(view);
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  return (
    <Filters
      view={view}
      active={query.active}
      search={{ value: typed.q, hint: t("orders.searchHint"), problem: problem("q") }}
    >
      <InputField
        id="customer"
        label={t("orders.customer")}
        value={typed.customer}
        problem={problem("customer")}
      />
      <DayFields view={view} typed={typed} problems={problems} />
    </Filters>
  );
}

interface OrderListProps {
  view: View;
  query: OrderQuery;
  page: MergedPage<OrderSummary>;
}

/** Only the first page is live, because the others show older orders. */
function OrderList({ view, query, page }: OrderListProps) {
  const t = ordersWords(view);
  const isFirst = query.request.cursor === null;
  const isShort = page.next !== null && page.rows.length < query.request.limit;
  const isEmpty = page.rows.length === 0;
  return (
    <LiveRegion view={view} about={{ module: "pedidos" }} open={isFirst} summary>
      {isShort && <Notice kind="good">{t("orders.short")}</Notice>}
      <DamageNotice view={view} damage={page.damage} />
      {query.typed.q !== "" && <p class="note">{t("orders.wholeWords")}</p>}
      {isEmpty && !isShort && <NoOrders view={view} query={query} />}
      {!isEmpty && <OrderTable view={view} orders={page.rows} />}
      {(!isEmpty || isShort) && <Pager view={view} page={page} />}
      {!isEmpty && <ExportForm view={view} query={query} />}
    </LiveRegion>
  );
}

function NoOrders({ view, query }: { view: View; query: OrderQuery }) {
  const t = ordersWords(view);
  return query.active > 0 || query.typed.q !== "" ? (
    <EmptyState title={t("orders.noneTitle")} text={t("tasks.none")}>
      <a class="button" href="/admin/orders">
        {t("list.clear")}
      </a>
    </EmptyState>
  ) : (
    <EmptyState title={t("orders.emptyTitle")} text={t("orders.empty")}>
      <a class="button" href="/">
        {t("nav.home")}
      </a>
    </EmptyState>
  );
}

function OrderTable({ view, orders }: { view: View; orders: readonly OrderSummary[] }) {
  const t = ordersWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("orders.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("orders.id")}</th>
          <th scope="col">{t("orders.customer")}</th>
          <th scope="col" class="number">
            {t("orders.subtotal")}
          </th>
          <th scope="col" class="number">
            {t("orders.discount")}
          </th>
          <th scope="col" class="number">
            {t("orders.total")}
          </th>
          <th scope="col" class="number">
            {t("orders.lines")}
          </th>
          <th scope="col">{t("orders.date")}</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <Row view={view} order={order} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ view, order }: { view: View; order: OrderSummary }) {
  const { language } = view;
  const t = ordersWords(view);
  const money = (minor: number) => formatMoney(view, minor, order.currency);
  return (
    <tr data-key={order.id}>
      <th scope="row" data-label={t("orders.id")}>
        <a href={`/admin/orders/${encodeURIComponent(order.id)}`}>
          <bdi>{order.id}</bdi>
        </a>
        {order.archived && <ArchivedMark view={view} />}
      </th>
      <td data-label={t("orders.customer")}>
        <bdi>{order.customer}</bdi>
      </td>
      <td data-label={t("orders.subtotal")} class="number">
        {money(order.subtotal)}
      </td>
      <td data-label={t("orders.discount")} class="number">
        {money(order.discount)}
      </td>
      <td data-label={t("orders.total")} class="number corner">
        <strong>{money(order.total)}</strong>
      </td>
      <td data-label={t("orders.lines")} class="number">
        {formatCount(language, order.line_count)}
      </td>
      <td data-label={t("orders.date")}>
        <Time at={order.processed_at} />
      </td>
    </tr>
  );
}

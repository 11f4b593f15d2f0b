import type { Stage } from "../../orders/order/order";
import type { MergedPage } from "../../archive/merge";
import type { BatchProgress } from "../../tasks/reading/batch-progress";
import type { Status } from "../../tasks/model/states";
import { DamageNotice } from "../shared/components/archived";
import { Badge } from "../shared/components/badge";
import { ErrorText } from "../shared/components/error-text";
import { Pager } from "../shared/components/pager";
import { Stages, type StageState } from "./stages";
import { formatCount } from "../shared/format";
import { LiveRegion } from "../shared/components/live-region";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { batchWords } from "./words";

/** A BatchOrder is an order of the batch as far as it got. */
export interface BatchOrder {
  taskId: string;
  orderId: string | null;
  status: Status;
  stages: Record<Stage, StageState>;
  total: string | null;
  error: { code: string; message: string } | null;
}

interface BatchPageProps {
  view: View;
  batchId: string;
  orders: BatchOrder[];
  page: MergedPage<unknown>;
  progress: BatchProgress;
  demo: boolean;
  /** `ticket` lets readers who have only the signed link follow the batch. */
  ticket: string | undefined;
}

const RELOAD_SECONDS = 3;

export function BatchPage(props: BatchPageProps) {
  const { view, batchId, orders, page, progress, demo, ticket } = props;
  const { person } = view;
  const t = batchWords(view);
  return (
    <Layout
      view={view}
      title={t("batch.title")}
      reloadIn={progress.open ? RELOAD_SECONDS : undefined}
    >
      <div class="heading">
        <h1>{t("batch.title")}</h1>
        <div class="actions">
          {person && (
            <a class="button" href={`/admin/tasks?lote=${batchId}`}>
              {t("batch.seeTasks")}
            </a>
          )}
          {demo && (
            <form method="get" action="/pedidos/iniciar">
              <button class="button">{t("batch.another")}</button>
            </form>
          )}
        </div>
      </div>
      <p class="note">
        {t("batch.id")} <code>{batchId}</code>
      </p>
      <LiveRegion view={view} about={{ lote: batchId }} open={progress.open} ticket={ticket}>
        <Progress view={view} progress={progress} />
        <DamageNotice view={view} damage={page.damage} />
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{t("batch.order")}</th>
              <th scope="col">{t("batch.state")}</th>
              <th scope="col">{t("batch.stages")}</th>
              <th scope="col">{t("tasks.error")}</th>
              <th scope="col" class="number">
                {t("batch.total")}
              </th>
            </tr>
          </thead>
          <tbody>
            {orders.map((order) => (
              <OrderRow view={view} order={order} />
            ))}
          </tbody>
        </table>
        <Pager view={view} page={page} />
      </LiveRegion>
    </Layout>
  );
}

function Progress({ view, progress }: { view: View; progress: BatchProgress }) {
  const { language } = view;
  const t = batchWords(view);
  const { counted, ended, success, failure, revoked, capped, open } = progress;
  const count = (n: number) => formatCount(language, n);
  const values = { ended: count(ended), total: count(counted) };
  return (
    <div class="progress">
      <progress value={ended} max={counted} aria-labelledby="progress" />
      <p id="progress" data-status="">
        <strong>{t(capped ? "batch.progressOfFirst" : "batch.progress", values)}</strong>
        {" · "}
        {t("batch.outcomes", { success: count(success), failure: count(failure) })}
        {revoked > 0 && ` · ${t("batch.revoked", { revoked: count(revoked) })}`}
        {". "}
        {t(open ? "batch.open" : capped ? "batch.endedOfFirst" : "batch.ended")}
      </p>
    </div>
  );
}

function OrderRow({ view, order }: { view: View; order: BatchOrder }) {
  const { person } = view;
  const t = batchWords(view);
  const { taskId, orderId, status, stages, error, total } = order;
  const name = orderId === null ? t("batch.noOrder") : <bdi>{orderId}</bdi>;
  return (
    <tr data-task={taskId}>
      <th scope="row" data-label={t("batch.order")}>
        {person ? <a href={`/admin/tasks/${taskId}`}>{name}</a> : name}
      </th>
      <td data-label={t("batch.state")} class="corner">
        <Badge view={view} status={status} />
      </td>
      <td data-label={t("batch.stages")}>
        <Stages view={view} states={stages} />
      </td>
      <td data-label={t("tasks.error")}>{error ? <ErrorText {...error} /> : null}</td>
      <td data-label={t("batch.total")} class="number">
        {total}
      </td>
    </tr>
  );
}

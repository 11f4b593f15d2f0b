import type { Engine } from "../../tasks/model/engine";
import { STATUSES } from "../../tasks/model/states";
import { quantileSeconds } from "../../tasks/statistics/stats";
import { FailurePanels } from "../failures/failure-panels";
import { HealthPanel } from "./health-panel";
import { HistorySection } from "./history-charts";
import { AsOf, LiveRegion } from "../shared/components/live-region";
import { ModuleTable } from "./module-table";
import { QueueTable } from "./queue-table";
import { WorkerTable } from "../queues/worker-table";
import type { Dashboard } from "./dashboard-data";
import { formatCount, formatDuration } from "../shared/format";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { dashboardWords } from "./words";

interface DashboardPageProps {
  view: View;
  engine: Engine;
  dashboard: Dashboard;
}

export function DashboardPage({ view, engine, dashboard }: DashboardPageProps) {
  const t = dashboardWords(view);
  const { now, overview, history, queues, workers, errors, latestFailures, modules, findings } =
    dashboard;
  return (
    <Layout view={view} title={t("dashboard.title")}>
      <LiveRegion view={view} about={{}} open summary>
        <div class="heading">
          <h1>{t("dashboard.title")}</h1>
          <AsOf view={view} now={now} />
        </div>
        <HealthPanel view={view} findings={findings} queues={queues} />

        <section id="states" aria-labelledby="states-title">
          <h2 id="states-title">{t("dashboard.now")}</h2>
          <ul class="tiles">
            {STATUSES.map((status) => (
              <li data-key={status}>
                <a href={`/admin/tasks?status=${status}`}>
                  <span class={`badge is-${status.toLowerCase()}`}>{t(`status.${status}`)}</span>
                  <strong>
                    {formatCount(view.language, overview.totals[status])}
                    {status === "RETRY" && overview.capped && "+"}
                  </strong>
                </a>
              </li>
            ))}
          </ul>
        </section>

        <HistorySection view={view} history={history}>
          <Rates view={view} dashboard={dashboard} />
        </HistorySection>

        <div class="panels">
          <section id="queues" aria-labelledby="queues-title">
            <h2 id="queues-title">{t("queues.title")}</h2>
            <QueueTable view={view} queues={queues} />
          </section>
          <section id="workers" aria-labelledby="workers-title">
            <h2 id="workers-title">{t("workers.title")}</h2>
            <WorkerTable view={view} workers={workers} now={now} />
          </section>
        </div>

        <FailurePanels view={view} engine={engine} errors={errors} latest={latestFailures} />

        <section id="modules" aria-labelledby="modules-title">
          <h2 id="modules-title">{t("modules.title")}</h2>
          <ModuleTable view={view} modules={modules} />
          <p class="note">{t("modules.note")}</p>
        </section>
      </LiveRegion>
    </Layout>
  );
}

function Rates({ view, dashboard }: { view: View; dashboard: Dashboard }) {
  const { language } = view;
  const t = dashboardWords(view);
  const { overview, history } = dashboard;
  const { minutes, accepted, succeeded, failed } = overview.perMinute;
  const rate = (value: number) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: 1, useGrouping: "always" }).format(
      value,
    );
  const duration = (share: number) => {
    const seconds = quantileSeconds(history.all, share);
    return seconds === null ? "—" : formatDuration(view, seconds);
  };
  const figures = [
    [t("rates.accepted"), rate(accepted)],
    [t("rates.succeeded"), rate(succeeded)],
    [t("rates.failed"), rate(failed)],
    [t("rates.p50"), duration(0.5)],
    [t("rates.p95"), duration(0.95)],
  ] as const;
  return (
    <>
      <dl class="rates" id="rates">
        {figures.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="note">{t("rates.note", { minutes })}</p>
    </>
  );
}

import type { Engine } from "../../tasks/model/engine";
import {
  type Counts,
  endsOf,
  meanSeconds,
  type NamedCounts,
  quantileSeconds,
} from "../../tasks/statistics/stats";
import type { TaskView } from "../../tasks/model/queries";
import type { ErrorCount } from "../../tasks/statistics/troubles";
import { FailurePanels } from "../failures/failure-panels";
import { HistorySection } from "./history-charts";
import { AsOf, LiveRegion, said } from "../shared/components/live-region";
import { shareEndedWell } from "./dashboard-data";
import { formatCount, formatDuration, formatShare } from "../shared/format";
import { Layout } from "../shared/layout";
import type { History } from "./time-range";
import type { View } from "../shared/view";
import { dashboardWords } from "./words";

interface ModulePageProps {
  view: View;
  engine: Engine;
  module: string;
  /** `periods` has the sums over several numbers of days. */
  periods: { days: number; counts: Counts }[];
  /** `named` has the counts by task name over the last `namedDays` days. */
  named: NamedCounts[];
  namedDays: number;
  history: History;
  errors: ErrorCount[];
  latestFailures: TaskView[];
  now: number;
}

export function ModulePage(props: ModulePageProps) {
  const { view, engine, module, named, namedDays, history, errors, latestFailures, now } = props;
  const t = dashboardWords(view);
  const [newest] = latestFailures;
  const latest = newest
    ? t("failing.newest", { code: newest.error_code ?? newest.name })
    : t("failing.none");
  return (
    <Layout view={view} title={`${t("module.title")} ${module}`}>
      <p class="note">
        <a href="/admin">{t("dashboard.title")}</a>
      </p>
      <LiveRegion view={view} about={{ module }} open summary>
        <div class="heading" {...said(latest, newest?.id)}>
          <h1>
            {t("module.title")} <bdi>{module}</bdi>
          </h1>
          <AsOf view={view} now={now} />
        </div>

        <section id="periods" aria-labelledby="periods-title">
          <h2 id="periods-title">{t("module.periods")}</h2>
          <PeriodTable {...props} />
          <p class="note">{t("module.periodsNote")}</p>
        </section>

        <HistorySection view={view} history={history} />

        <section id="names" aria-labelledby="names-title">
          <h2 id="names-title">{t("module.names", { days: namedDays })}</h2>
          {named.length === 0 ? (
            <p class="nothing">{t("module.none")}</p>
          ) : (
            <NameTable view={view} named={named} />
          )}
        </section>

        <FailurePanels view={view} engine={engine} errors={errors} latest={latestFailures} />
      </LiveRegion>
    </Layout>
  );
}

function PeriodTable({ view, periods }: ModulePageProps) {
  const { language } = view;
  const t = dashboardWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("module.periods")}</caption>
      <StatsHead view={view} first={t("module.period")} />
      <tbody>
        {periods.map(({ days, counts }) => (
          <tr>
            <th scope="row" data-label={t("module.period")}>
              {t(days === 1 ? "module.day" : "module.days", { days: formatCount(language, days) })}
            </th>
            <StatsCells view={view} counts={counts} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NameTable({ view, named }: { view: View; named: NamedCounts[] }) {
  const t = dashboardWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("tasks.name")}</caption>
      <StatsHead view={view} first={t("tasks.name")} />
      <tbody>
        {named.map(({ name, counts }) => (
          <tr data-key={name}>
            <th scope="row" data-label={t("tasks.name")}>
              <a href={`/admin/tasks?name=${encodeURIComponent(name)}`}>
                <bdi>{name}</bdi>
              </a>
            </th>
            <StatsCells view={view} counts={counts} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const COLUMNS = [
  "accepted",
  "succeeded",
  "failed",
  "cancelled",
  "endedWell",
  "mean",
  "p50",
  "p95",
] as const;

function StatsHead({ view, first }: { view: View; first: string }) {
  const t = dashboardWords(view);
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {COLUMNS.map((column) => (
          <th scope="col" class="number">
            {t(`modules.${column}`)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function StatsCells({ view, counts }: { view: View; counts: Counts }) {
  const { language } = view;
  const t = dashboardWords(view);
  const { success, failure, revoked } = endsOf(counts);
  const share = shareEndedWell(counts);
  const seconds = (value: number | null) => (value === null ? null : formatDuration(view, value));
  const values: Record<(typeof COLUMNS)[number], string | null> = {
    accepted: formatCount(language, counts.created),
    succeeded: formatCount(language, success),
    failed: formatCount(language, failure),
    cancelled: formatCount(language, revoked),
    endedWell: share === null ? null : formatShare(view, share),
    mean: seconds(meanSeconds(counts)),
    p50: seconds(quantileSeconds(counts, 0.5)),
    p95: seconds(quantileSeconds(counts, 0.95)),
  };
  return (
    <>
      {COLUMNS.map((column) => (
        <td data-label={t(`modules.${column}`)} class="number">
          {values[column]}
        </td>
      ))}
    </>
  );
}

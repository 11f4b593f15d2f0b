import type { PropsWithChildren } from "hono/jsx";
import { quantileSeconds } from "../../tasks/statistics/stats";
import { formatCount, formatDuration } from "../shared/format";
import { type History, RANGE_NAMES, stretchesOf } from "./time-range";
import type { View } from "../shared/view";
import { Chart } from "./chart";
import type { Series } from "./series";
import { Fill } from "../shared/components/fill";
import { OwnZone } from "../shared/components/time";
import { Moment } from "./moment";
import { dashboardWords } from "./words";

/** These are the least that the axes of counts and of durations reach. */
const LEAST_COUNT = 4;
const LEAST_SECONDS = 0.008;

interface HistoryProps {
  view: View;
  history: History;
}

/** Shows what happened in the chosen time range; `children` stand above the charts. */
export function HistorySection({ view, history, children }: PropsWithChildren<HistoryProps>) {
  const t = dashboardWords(view);
  return (
    <section id="history" aria-labelledby="history-title">
      <div class="heading">
        <h2 id="history-title">{t("dashboard.history")}</h2>
        <RangeLinks view={view} history={history} />
      </div>
      {children}
      <HistoryCharts view={view} history={history} />
      <HistoryNote view={view} history={history} />
    </section>
  );
}

/** Shows the choice of time range; each range is an address. */
function RangeLinks({ view, history }: HistoryProps) {
  const { url } = view;
  const t = dashboardWords(view);
  return (
    <nav class="ranges" aria-label={t("chart.range")}>
      {RANGE_NAMES.map((name) => (
        <a
          href={name === "hour" ? url.pathname : `${url.pathname}?range=${name}`}
          aria-current={name === history.range ? "true" : undefined}
        >
          {t(`chart.${name}`)}
        </a>
      ))}
    </nav>
  );
}

/** Charts throughput, failures and durations over time. */
function HistoryCharts({ view, history }: HistoryProps) {
  const { language } = view;
  const t = dashboardWords(view);
  const { buckets, spanMs, labels, all } = history;
  const times = stretchesOf(history, language);
  const count = (value: number) => formatCount(language, value);
  const seconds = (value: number) => formatDuration(view, value);
  const common = { view, times, spanMs, labels };

  const succeeded = buckets.map(({ counts }) => counts.success);
  const failed = buckets.map(({ counts }) => counts.failure);
  const accepted = buckets.map(({ counts }) => counts.created);
  const p50 = buckets.map(({ counts }) => quantileSeconds(counts, 0.5));
  const p95 = buckets.map(({ counts }) => quantileSeconds(counts, 0.95));

  const throughput: Series[] = [
    { name: t("chart.succeeded"), kind: "bars", tone: "good", values: succeeded },
    { name: t("chart.accepted"), kind: "line", tone: "accent", values: accepted },
  ];
  const peak = (values: readonly (number | null)[]) => {
    const highest = Math.max(...values.map((value) => value ?? 0));
    const stretch = times[values.indexOf(highest)];
    return { most: count(highest), when: stretch && <Moment stretch={stretch} /> };
  };
  const done = peak(succeeded);
  const lost = peak(failed);
  return (
    <div class="charts">
      <Chart
        {...common}
        id="throughput"
        title={t(`chart.throughput.${history.range}`)}
        summary={
          <Fill
            name="time"
            text={t("chart.throughputSummary", {
              accepted: count(all.created),
              succeeded: count(all.success),
              most: done.most,
            })}
          >
            {done.when}
          </Fill>
        }
        series={throughput}
        format={count}
        least={LEAST_COUNT}
      />
      <Chart
        {...common}
        id="failures"
        title={t(`chart.failures.${history.range}`)}
        summary={
          <Fill
            name="time"
            text={t("chart.failuresSummary", { failed: count(all.failure), most: lost.most })}
          >
            {lost.when}
          </Fill>
        }
        series={[{ name: t("chart.failed"), kind: "bars", tone: "bad", values: failed }]}
        format={count}
        least={LEAST_COUNT}
      />
      <Chart
        {...common}
        id="durations"
        title={t("chart.durations")}
        summary={t("chart.durationsSummary", {
          p50: seconds(quantileSeconds(all, 0.5) ?? 0),
          p95: seconds(quantileSeconds(all, 0.95) ?? 0),
        })}
        series={[
          { name: "p50", kind: "line", tone: "accent", values: p50 },
          { name: "p95", kind: "line", tone: "wait", values: p95 },
        ]}
        format={seconds}
        least={LEAST_SECONDS}
      />
    </div>
  );
}

/** Says in which zone the charts tell times, and which part of them is not over yet. */
function HistoryNote({ view, history }: HistoryProps) {
  const t = dashboardWords(view);
  return (
    <p class="note">
      <Fill text={t(`chart.note.${history.range}`)} name="zone">
        <OwnZone />
      </Fill>
    </p>
  );
}

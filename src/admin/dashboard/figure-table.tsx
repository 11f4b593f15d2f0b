import { Fill } from "../shared/components/fill";
import { OwnZone } from "../shared/components/time";
import type { View } from "../shared/view";
import { Moment } from "./moment";
import type { Series } from "./series";
import type { TimeStretch } from "./time-range";
import { dashboardWords } from "./words";

interface FigureTableProps {
  view: View;
  title: string;
  series: readonly Series[];
  times: readonly TimeStretch[];
  format: (value: number) => string;
}

/** Shows a chart's figures as a table, without the stretches that have none. */
export function FigureTable({ view, title, series, times, format }: FigureTableProps) {
  const t = dashboardWords(view);
  const tell = (value: number | null | undefined) =>
    value === null || value === undefined ? null : format(value);
  return (
    <div class="scrolls" tabindex={0} role="region" aria-label={title}>
      <table class="figures">
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">
              {times[0]?.at === undefined ? (
                t("chart.date")
              ) : (
                <Fill text={t("chart.time")} name="zone">
                  <OwnZone />
                </Fill>
              )}
            </th>
            {series.map(({ name }) => (
              <th scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map(
            (time, index) =>
              series.some(({ values }) => values[index]) && (
                <tr>
                  <th scope="row">
                    <Moment stretch={time} />
                  </th>
                  {series.map(({ values }) => (
                    <td>{tell(values[index])}</td>
                  ))}
                </tr>
              ),
          )}
        </tbody>
      </table>
    </div>
  );
}

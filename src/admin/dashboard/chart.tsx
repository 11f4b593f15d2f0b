import { scaleBand, scaleLinear } from "d3-scale";
import type { Child } from "hono/jsx";
import type { TimeStretch } from "./time-range";
import type { View } from "../shared/view";
import { FigureTable } from "./figure-table";
import { Moment } from "./moment";
import { bars, curve, HEIGHT, type Series } from "./series";
import { dashboardWords } from "./words";

interface ChartProps {
  view: View;
  id: string;
  title: string;
  /** `summary` says in a sentence what the chart shows, for those who do not see it. */
  summary: Child;
  series: readonly Series[];
  /**
   * `times` names each stretch of time, `spanMs` is their length, `labels` how many names the axis
   * shows.
   */
  times: readonly TimeStretch[];
  spanMs: number;
  labels: number;
  format: (value: number) => string;
  /** `least` is the least that the axis reaches, so that small values do not look large. */
  least: number;
}

/**
 * STEP is the width of a stretch of time in the drawing's own units, which the stylesheet scales.
 */
const STEP = 10;
const TICKS = 4;

/**
 * Draws values over time as SVG. Its text is HTML beside it, so that it keeps its size when the
 * drawing is stretched; a table underneath has the figures.
 */
export function Chart(props: ChartProps) {
  const { view, id, title, summary, series } = props;
  const t = dashboardWords(view);
  const isEmpty = series.every(({ values }) => values.every((value) => !value));
  return (
    <figure class="chart" id={id}>
      <figcaption>
        <h3 id={`${id}-title`}>{title}</h3>
        <ul class="legend">
          {series.map(({ name, kind, tone }) => (
            <li class={`is-${tone} as-${kind}`}>{name}</li>
          ))}
        </ul>
      </figcaption>
      {isEmpty ? (
        <p class="nothing">{t("chart.nothing")}</p>
      ) : (
        <>
          <Plot {...props} />
          <p class="unseen" id={`${id}-summary`}>
            {summary}
          </p>
          <details>
            <summary>{t("chart.figures")}</summary>
            <FigureTable {...props} />
          </details>
        </>
      )}
    </figure>
  );
}

function Plot({ id, series, times, spanMs, labels, format, least }: ChartProps) {
  const width = times.length * STEP;
  const highest = Math.max(least, ...series.flatMap(({ values }) => values.map((v) => v ?? 0)));
  const y = scaleLinear([0, highest], [HEIGHT, 0]).nice(TICKS);
  const x = scaleBand(times.keys(), [0, width]).paddingInner(0.2).paddingOuter(0.1);
  const ticks = y.ticks(TICKS);
  const named = series.length > 1;
  const every = times.length / labels;
  const last = times.length - 1;
  return (
    <div class="plot">
      <div class="scale" aria-hidden="true">
        {ticks.toReversed().map((tick) => (
          <span>{format(tick)}</span>
        ))}
      </div>
      <svg
        role="img"
        aria-labelledby={`${id}-title ${id}-summary`}
        data-span={spanMs}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <path class="grid" d={ticks.map((tick) => `M0,${y(tick)}H${width}`).join("")} />
        {series.map(({ kind, tone, values }) =>
          kind === "bars" ? (
            <>
              <path class={`bars is-${tone}`} d={bars(values.slice(0, last), x, y)} />
              <path class={`bars is-${tone} is-open`} d={bars(values, x, y, last)} />
            </>
          ) : (
            <>
              <path class={`line is-${tone}`} d={curve(values.slice(0, last), x, y)} />
              <path class={`line is-${tone} is-open`} d={curve(values, x, y, last - 1)} />
            </>
          ),
        )}
        {times.map(({ at, exact }, index) => {
          const told = series.flatMap(({ name, values }) => {
            const value = values[index];
            return value ? [named ? `${name} ${format(value)}` : format(value)] : [];
          });
          return (
            told.length > 0 && (
              <rect x={index * STEP} data-at={at}>
                <title>{[exact, ...told].join(" · ")}</title>
              </rect>
            )
          );
        })}
      </svg>
      <div class={`times of-${labels}`} aria-hidden="true">
        {times
          .filter((_, index) => index % every === 0)
          .map((time) => (
            <span>
              <Moment stretch={time} />
            </span>
          ))}
      </div>
    </div>
  );
}

import type { scaleBand, scaleLinear } from "d3-scale";
import { line } from "d3-shape";

/** A Series is values over time; a chart may show several. */
export interface Series {
  name: string;
  kind: "bars" | "line";
  /** `tone` is the colour; a second line is dashed besides. */
  tone: "good" | "bad" | "accent" | "wait";
  /** `values` has one per stretch of time; null means that there is nothing to show. */
  values: readonly (number | null)[];
}

/** HEIGHT is the height of the whole drawing, in its own units. */
export const HEIGHT = 100;

type Band = ReturnType<typeof scaleBand<number>>;
type Linear = ReturnType<typeof scaleLinear<number>>;

/** Draws all bars as one SVG path, from the one at `first` on. */
export function bars(values: readonly (number | null)[], x: Band, y: Linear, first = 0): string {
  return values
    .map((value, index) => {
      const left = round(x(index) ?? 0);
      return value && index >= first
        ? `M${left},${HEIGHT}V${round(y(value))}h${round(x.bandwidth())}V${HEIGHT}Z`
        : "";
    })
    .join("");
}

/**
 * Draws a line through the values, from the one at `first` on. It breaks where a value is missing.
 */
export function curve(values: readonly (number | null)[], x: Band, y: Linear, first = 0): string {
  const points = values.map((value, index) => ({ index, value })).slice(first);
  const draw = line<(typeof points)[number]>()
    .defined(({ value }) => value !== null)
    .x(({ index }) => (x(index) ?? 0) + x.bandwidth() / 2)
    .y(({ value }) => y(value ?? 0))
    .digits(1);
  // A lone value between missing ones would be a dot, so it is drawn as wide as a bar.
  const half = x.bandwidth() / 2;
  return (draw(points) ?? "").replaceAll(
    /M([\d.]+),([\d.]+)Z/g,
    (_, at: string, height: string) => `M${round(Number(at) - half)},${height}h${2 * half}`,
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

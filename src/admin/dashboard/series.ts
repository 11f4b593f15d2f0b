import type { scaleBand, scaleLinear } from "d3-scale";
import { line } from "d3-shape";

/** Values over time, of which a chart may show several. */
export interface Series {
  name: string;
  kind: "bars" | "line";
  /** Its colour; a second line is dashed besides. */
  tone: "good" | "bad" | "accent" | "wait";
  /** One per stretch of time; null where there is nothing to say. */
  values: readonly (number | null)[];
}

/** The height of the whole drawing, in its own units. */
export const HEIGHT = 100;

type Band = ReturnType<typeof scaleBand<number>>;
type Linear = ReturnType<typeof scaleLinear<number>>;

/** All bars in one path, from the one at `first` on. */
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

/** A line through the values, from the one at `first` on; it breaks where there is none. */
export function curve(values: readonly (number | null)[], x: Band, y: Linear, first = 0): string {
  const points = values.map((value, index) => ({ index, value })).slice(first);
  const draw = line<(typeof points)[number]>()
    .defined(({ value }) => value !== null)
    .x(({ index }) => (x(index) ?? 0) + x.bandwidth() / 2)
    .y(({ value }) => y(value ?? 0))
    .digits(1);
  // A value between two that are missing would be a dot: it is drawn as wide as a bar.
  const half = x.bandwidth() / 2;
  return (draw(points) ?? "").replaceAll(
    /M([\d.]+),([\d.]+)Z/g,
    (_, at: string, height: string) => `M${round(Number(at) - half)},${height}h${2 * half}`,
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

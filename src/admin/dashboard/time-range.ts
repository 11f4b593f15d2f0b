import { SPANS } from "../../tasks/model/counts";
import { UTC } from "../shared/zone";
import {
  type Bucket,
  type Counts,
  daysAgo,
  overTime,
  type Stretch as CountedStretch,
  total,
} from "../../tasks/statistics/stats";

/** RANGES says how many stretches, and how long, the charts may show, including the running one. */
const RANGES = {
  hour: { spanMs: SPANS.minute, buckets: 60, labels: 4 },
  day: { spanMs: SPANS.hour, buckets: 24, labels: 4 },
  month: { spanMs: SPANS.day, buckets: 30, labels: 5 },
} as const;

export const RANGE_NAMES = ["hour", "day", "month"] as const;
export type RangeName = (typeof RANGE_NAMES)[number];

/** Returns the range that the address asks for, else the last hour. */
export function readRange(params: URLSearchParams): RangeName {
  return RANGE_NAMES.find((name) => name === params.get("range")) ?? "hour";
}

export interface History {
  range: RangeName;
  spanMs: number;
  /** `labels` is how many labels the axis has; it divides the stretches evenly. */
  labels: number;
  /** `buckets` are in order and without gaps; the last one is not over yet. */
  buckets: Bucket[];
  all: Counts;
}

/** Returns a range's history from the stretches that were counted, of one module or of all. */
export function historyOf(
  stretches: readonly CountedStretch[],
  range: RangeName,
  now: number,
): History {
  const { spanMs, buckets, labels } = RANGES[range];
  const last = spanMs === SPANS.day ? daysAgo(0, now) : now - (now % spanMs);
  const from = last - (buckets - 1) * spanMs;
  const found = overTime(stretches, { spanMs, from });
  const byTime = new Map(found.map((bucket) => [bucket.at, bucket]));
  const none = total([]);
  return {
    range,
    spanMs,
    labels,
    buckets: Array.from({ length: buckets }, (_, index) => {
      const at = from + index * spanMs;
      return byTime.get(at) ?? { at, counts: none };
    }),
    all: total(found),
  };
}

/** A TimeStretch is a stretch of time in words. */
export interface TimeStretch {
  /** `name` is "22:04" or, for a whole day, "22 nov". */
  name: string;
  /** `exact` says from when to when. */
  exact: string;
  /**
   * `at` is when it begins, set where the reader's zone would name it otherwise: days are counted
   * in UTC.
   */
  at?: string;
}

/**
 * Names the stretches of a history in UTC; the page's script rewrites them in the reader's zone.
 */
export function stretchesOf({ spanMs, buckets }: History, language: string): TimeStretch[] {
  const isDay = spanMs === SPANS.day;
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: UTC });
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const day = { month: "short", day: "numeric" } as const;
  const short = format(isDay ? day : clock);
  const long = format({ year: "numeric", ...day, ...(!isDay && clock) });
  return buckets.map(({ at }) => ({
    name: short.format(at),
    exact: `${isDay ? long.format(at) : long.formatRange(at, at + spanMs)} ${UTC}`,
    ...(!isDay && { at: `${new Date(at).toISOString().slice(0, 16)}Z` }),
  }));
}

import type { TimeStretch } from "./time-range";

/** The name of a stretch of a chart. */
export function Moment({ stretch: { at, name } }: { stretch: TimeStretch }) {
  return at === undefined ? (
    <>{name}</>
  ) : (
    <time datetime={at} data-short="">
      {name}
    </time>
  );
}

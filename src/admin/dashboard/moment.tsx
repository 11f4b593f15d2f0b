import type { TimeStretch } from "./time-range";

/** Shows the name of a stretch of a chart; the page's script rewrites it in the reader's zone. */
export function Moment({ stretch: { at, name } }: { stretch: TimeStretch }) {
  return at === undefined ? (
    <>{name}</>
  ) : (
    <time datetime={at} data-short="">
      {name}
    </time>
  );
}

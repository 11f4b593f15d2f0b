import { UTC } from "../zone";

/**
 * Shows a moment in UTC, which the page's script rewrites in the reader's zone. `precise` leaves
 * the day out and shows milliseconds.
 */
export function Time({ at, precise = false }: { at: string | number; precise?: boolean }) {
  const iso = new Date(at).toISOString();
  const text = precise ? iso.slice(11, 23) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  return (
    <time datetime={iso} data-precise={precise ? "" : undefined}>
      {text} UTC
    </time>
  );
}

/** Names the zone of times: UTC, or the reader's where the page's script runs. */
export function OwnZone() {
  return <span data-zone="name">{UTC}</span>;
}

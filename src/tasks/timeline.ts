/**
 * What happened to a task between queued and finished, which its columns say. One JSON column, so
 * history costs no row of its own.
 */
export interface TimelineEvent {
  /** Unix milliseconds. */
  at: number;
  /** "started", a stage's name at its end, "retry", "defer", "continue", "crashed", "resumed". */
  event: string;
  [field: string]: unknown;
}

const KEPT_FIRST = 20;
const KEPT_LAST = 60;

/** Adds events; a task that waits for days keeps its first and its latest ones. */
export function extendTimeline(stored: string | null, events: TimelineEvent[]): TimelineEvent[] {
  const all = [...parseTimeline(stored), ...events];
  return all.length <= KEPT_FIRST + KEPT_LAST
    ? all
    : [...all.slice(0, KEPT_FIRST), ...all.slice(-KEPT_LAST)];
}

export function parseTimeline(stored: string | null): TimelineEvent[] {
  try {
    return stored === null ? [] : (JSON.parse(stored) as TimelineEvent[]);
  } catch {
    return []; // history that cannot be read must not keep a task from its end
  }
}

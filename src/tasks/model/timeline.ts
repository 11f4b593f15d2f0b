/**
 * A timeline is what happened to a task between queued and finished, which have columns of their
 * own. It is one JSON column, so history costs no row of its own.
 */
import type { TaskView } from "./queries";
import { isFinal, TRACKED } from "./states";

export interface TimelineEvent {
  /** The time in Unix milliseconds. */
  at: number;
  /**
   * One of "started", "retry", "defer", "continue", "suspected", "crashed", "resumed", "discarded",
   * "late_report" and "omitted", or a stage's name at its end.
   */
  event: string;
  [field: string]: unknown;
}

const KEPT_FIRST = 20;
const KEPT_LAST = 60;
const KEPT = KEPT_FIRST + KEPT_LAST;
/** This event stands in for the middle of a long timeline, with the number of events left out. */
const OMITTED = "omitted";

/** Adds events. A task that waits for days keeps its first and its latest ones. */
export function extendTimeline(stored: string | null, events: TimelineEvent[]): TimelineEvent[] {
  const all = [...parseTimeline(stored), ...events];
  const between = all[KEPT_FIRST];
  if (all.length <= KEPT || !between) {
    return all;
  }
  const isMarked = between.event === OMITTED;
  const later = all.slice(isMarked ? KEPT_FIRST + 1 : KEPT_FIRST);
  const count = later.length - KEPT_LAST + (isMarked ? Number(between["count"]) : 0);
  return [
    ...all.slice(0, KEPT_FIRST),
    { at: between.at, event: OMITTED, count },
    ...later.slice(-KEPT_LAST),
  ];
}

const STORED = "iif(json_valid(timeline), timeline, '[]')";
/** This SQL tells whether one more event fits without another being left out. */
export const HAS_ROOM = `coalesce(json_array_length(${STORED}), 0) < ${KEPT}`;
const BETWEEN = `timeline -> ${KEPT_FIRST}`;

/** Makes SQL that does what extendTimeline does, with one event given as SQL of a JSON object. */
export function extendTimelineSql(event: string): string {
  return `iif(${HAS_ROOM}, json_insert(${STORED}, '$[#]', ${event}), (
    SELECT json_group_array(json(value) ORDER BY key) FROM (
      SELECT key, value FROM json_each(timeline) WHERE key < ${KEPT_FIRST}
      UNION ALL
      SELECT ${KEPT_FIRST}, json_object('at', ${BETWEEN} ->> 'at', 'event', '${OMITTED}', 'count',
        json_array_length(timeline) - ${KEPT - 1}
          + iif(${BETWEEN} ->> 'event' = '${OMITTED}', (${BETWEEN} ->> 'count') - 1, 0))
      UNION ALL
      SELECT key, value FROM json_each(timeline)
      WHERE key > json_array_length(timeline) - ${KEPT_LAST}
      UNION ALL
      SELECT 9e9, ${event})))`;
}

export function parseTimeline(stored: string | null): TimelineEvent[] {
  try {
    return stored === null ? [] : (JSON.parse(stored) as TimelineEvent[]);
  } catch {
    return []; // A history that cannot be read must not keep a task from ending.
  }
}

/**
 * Returns a task's stored events with those that columns and lease tell: queued, started, finished.
 */
export function timelineOf(task: TaskView): TimelineEvent[] {
  const events: TimelineEvent[] = [
    { at: task.created_at, event: "queued" },
    ...parseTimeline(task.timeline),
  ];
  if (task.queue === TRACKED && task.started_at !== null) {
    events.push({ at: task.started_at, event: "started" });
  }
  if (task.running && !isFinal(task.status)) {
    events.push({ at: task.running.since, event: "started", worker: task.running.worker });
  }
  if (task.finished_at !== null) {
    events.push({ at: task.finished_at, event: "finished", status: task.status });
  }
  // A late report or a discard was stored before "finished" was added, but happened after it.
  return events.toSorted((a, b) => a.at - b.at);
}

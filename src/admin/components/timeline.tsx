import { isKey } from "../../i18n/translate";
import { isFinal } from "../../tasks/states";
import { formatCount, formatDuration } from "../format";
import type { View } from "../view";
import { Badge } from "./badge";
import { Time } from "./time";

interface Event {
  at: string;
  event: string;
  [field: string]: unknown;
}

interface TimelineProps {
  view: View;
  events: readonly Event[];
  names: ReadonlyMap<string, string>;
}

/** What happened to a task, and how long each step took. */
export function Timeline({ view, events, names }: TimelineProps) {
  return (
    <ol class="timeline">
      {events.map((event, index) => (
        <li class={isFailure(event) ? "is-failure" : undefined}>
          <span class="when">
            <Time at={event.at} precise />
          </span>
          <span class="what">
            <strong>{nameOf(view, event.event)}</strong>{" "}
            <Details view={view} event={event} names={names} />
          </span>
          <span class="took">
            <Took view={view} event={event} previous={events[index - 1]} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function nameOf({ t }: View, event: string): string {
  const key = `event.${event}`;
  return isKey(key) ? t(key) : event;
}

function isFailure({ event, status }: Event): boolean {
  return event === "crashed" || status === "FAILURE";
}

function Details({ view, event, names }: Omit<TimelineProps, "events"> & { event: Event }) {
  const { status, code, worker, by, until, count } = event;
  return (
    <>
      {typeof status === "string" && isFinal(status) && <Badge view={view} status={status} />}
      {typeof code === "string" && <code>{code}</code>}{" "}
      {typeof worker === "string" && <bdi class="note">{worker}</bdi>}
      {typeof by === "string" && <bdi class="note">{names.get(by) ?? by}</bdi>}
      {typeof count === "number" && <span class="note">{formatCount(view.language, count)}</span>}
      {typeof until === "number" && (
        <span class="note">
          {view.t("event.until")} <Time at={until} precise />
        </span>
      )}
    </>
  );
}

interface TookProps {
  view: View;
  event: Event;
  previous: Event | undefined;
}

function Took({ view, event, previous }: TookProps) {
  if (!previous) {
    return null;
  }
  const ms = Math.max(0, Date.parse(event.at) - Date.parse(previous.at));
  return (
    <>
      <span class="unseen">{view.t("task.sincePrevious")}: </span>+{formatDuration(view, ms / 1000)}
    </>
  );
}

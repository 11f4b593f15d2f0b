import { isFinal } from "../../../tasks/model/states";
import { formatCount, formatDuration } from "../../shared/format";
import type { View } from "../../shared/view";
import { Badge } from "../../shared/components/badge";
import { Time } from "../../shared/components/time";
import { hasKey } from "../../../i18n/words";
import { tasksWords } from "../words";

interface Event {
  at: string;
  event: string;
  [field: string]: unknown;
}

interface TimelineProps {
  view: View;
  events: readonly Event[];
  /**
   * `computes` are events of stages that only compute: they keep their place among the others, but
   * show no time.
   */
  computes: readonly string[];
  names: ReadonlyMap<string, string>;
}

/** Shows what happened to a task, and how long it waited for what. */
export function Timeline({ view, events, computes, names }: TimelineProps) {
  const t = tasksWords(view);
  const timed = events.filter(({ event }) => !computes.includes(event));
  return (
    <>
      <ol class="timeline">
        {events.map((event) => (
          <li class={isFailure(event) ? "is-failure" : undefined}>
            {timed.includes(event) && (
              <span class="when">
                <Time at={event.at} precise />
              </span>
            )}
            <span class="what">
              <strong>{nameOf(view, event.event)}</strong>{" "}
              <Details view={view} event={event} names={names} />
            </span>
            <span class="took">
              <Took view={view} event={event} previous={timed[timed.indexOf(event) - 1]} />
            </span>
          </li>
        ))}
      </ol>
      {timed.length < events.length && <p class="note">{t("task.timesNote")}</p>}
    </>
  );
}

function nameOf(view: View, event: string): string {
  const key = `event.${event}`;
  return hasKey(tasksWords, key) ? tasksWords(view)(key) : event;
}

function isFailure({ event, status }: Event): boolean {
  return event === "crashed" || status === "FAILURE";
}

function Details({
  view,
  event,
  names,
}: Omit<TimelineProps, "events" | "computes"> & { event: Event }) {
  const t = tasksWords(view);
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
          {t("event.until")} <Time at={until} precise />
        </span>
      )}
    </>
  );
}

/** OMITTED stands for events that were not kept, so the time between its neighbours is no wait. */
const OMITTED = "omitted";

interface TookProps {
  view: View;
  event: Event;
  previous: Event | undefined;
}

function Took({ view, event, previous }: TookProps) {
  const t = tasksWords(view);
  const ms = previous ? Date.parse(event.at) - Date.parse(previous.at) : 0;
  if (ms <= 0 || [event.event, previous?.event].includes(OMITTED)) {
    return null;
  }
  return (
    <>
      <span class="unseen">{t("task.sincePrevious")}: </span>+{formatDuration(view, ms / 1000)}
    </>
  );
}

import type { TaskDefinition } from "../../tasks/model/define";
import type { ErrorCount } from "../../tasks/statistics/troubles";
import { Fact, Facts } from "../shared/components/facts";
import { AsOf, LiveRegion, said } from "../shared/components/live-region";
import { Notice } from "../shared/components/notice";
import { QueueBadge } from "./queue-badge";
import { Time } from "../shared/components/time";
import { WorkerTable } from "./worker-table";
import type { QueueView } from "./read-queues";
import { formatCount, formatDuration } from "../shared/format";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { queuesWords } from "./words";

interface QueuesPageProps {
  view: View;
  now: number;
  queues: readonly QueueView[];
  /** `names` maps those who paused a queue, as stored, to display names. */
  names: ReadonlyMap<string, string>;
  tasksOf: (queue: string) => TaskDefinition[];
  /** `deadLetters` counts dead letters among the latest failures. */
  deadLetters: ErrorCount | null;
  deadMessages: number | null;
  mayWrite: boolean;
}

export function QueuesPage(props: QueuesPageProps) {
  const { view, now, queues } = props;
  const { url } = view;
  const t = queuesWords(view);
  const done = (name: string) => {
    const queue = url.searchParams.get(name);
    return queues.some(({ backlog }) => backlog.queue === queue) ? queue : null;
  };
  const states = queues.map(
    ({ backlog, state }) => `${backlog.queue}: ${t(`queueState.${state}`)}`,
  );
  const held = queues.filter(isHeld).map(({ backlog, state }) => `${backlog.queue}:${state}`);
  const [paused, resumed] = [done("paused"), done("resumed")];
  return (
    <Layout view={view} title={t("queues.title")}>
      <LiveRegion view={view} about={{}} open summary>
        <div class="heading">
          <h1>{t("queues.title")}</h1>
          <AsOf view={view} now={now} />
        </div>
        {paused && <Notice kind="good">{t("queues.pausedNow", { queue: paused })}</Notice>}
        {resumed && <Notice kind="good">{t("queues.resumedNow", { queue: resumed })}</Notice>}
        <div class="queues" {...said(states.join(". "), held.join(" "))}>
          {queues.map((queue) => (
            <QueueSection {...props} queue={queue} />
          ))}
        </div>
        <DeadLetters {...props} />
      </LiveRegion>
    </Layout>
  );
}

/** Tells whether a queue's state is announced to screen readers; the other states come and go. */
function isHeld({ state }: QueueView): boolean {
  return state === "stalled" || state === "paused";
}

function QueueSection(props: QueuesPageProps & { queue: QueueView }) {
  const { view, now, queue, names, tasksOf, mayWrite } = props;
  const { language } = view;
  const t = queuesWords(view);
  const { backlog, state, workers } = queue;
  const { pause } = backlog;
  const count = (value: number) => formatCount(language, value);
  const id = `queue-${backlog.queue}`;
  const path = `/admin/queues/${encodeURIComponent(backlog.queue)}`;
  return (
    <section id={id} data-queue={backlog.queue} aria-labelledby={`${id}-title`}>
      <div class="heading">
        <h2 id={`${id}-title`}>
          <bdi>{backlog.queue}</bdi> <QueueBadge view={view} state={state} />
        </h2>
        {mayWrite && (
          <a class="button" href={`${path}/${pause ? "resumptions" : "pauses"}`}>
            {t(pause ? "queues.resume" : "queues.pause")}
          </a>
        )}
      </div>
      <p class={state === "stalled" ? "notice is-bad" : "note"}>{t(`queueState.${state}.what`)}</p>
      {pause && (
        <div class="box is-retry">
          <p>
            {t("queues.pausedBy")} <bdi>{names.get(pause.by) ?? pause.by}</bdi>,{" "}
            <Time at={pause.since} />
          </p>
          <p>
            <bdi>{pause.reason}</bdi>
          </p>
        </div>
      )}
      <Facts>
        <Fact name={t("queues.due")}>{count(backlog.due) + (backlog.capped ? "+" : "")}</Fact>
        <Fact name={t("queues.oldest")}>
          {backlog.oldestMs === null ? null : formatDuration(view, backlog.oldestMs / 1000)}
        </Fact>
        <Fact name={t("queues.waiting")}>{count(backlog.waiting)}</Fact>
        <Fact name={t("queues.messages")}>
          {backlog.messages === null ? t("queues.unknown") : count(backlog.messages)}
        </Fact>
        <Fact name={t("queues.tasks")} long>
          {tasksOf(backlog.queue).map(({ name }, index) => (
            <>
              {index > 0 && ", "}
              <a href={`/admin/tasks?name=${encodeURIComponent(name)}`}>
                <bdi>{name}</bdi>
              </a>
            </>
          ))}
        </Fact>
      </Facts>
      <h3>{t("workers.title")}</h3>
      <WorkerTable view={view} workers={workers} now={now} />
    </section>
  );
}

function DeadLetters({ view, deadLetters, deadMessages }: QueuesPageProps) {
  const { language } = view;
  const t = queuesWords(view);
  const count = (value: number) => formatCount(language, value);
  return (
    <section id="dead-letters" aria-labelledby="dead-letters-title">
      <h2 id="dead-letters-title">{t("nav.deadLetters")}</h2>
      <p class="prose">{t("deadLetters.what")}</p>
      <Facts>
        <Fact name={t("deadLetters.messages")}>
          {deadMessages === null ? t("queues.unknown") : count(deadMessages)}
        </Fact>
        <Fact name={t("deadLetters.failures")}>
          {deadLetters === null ? (
            count(0)
          ) : (
            <a href="/admin/tasks?q=dead_letter">{count(deadLetters.count)}</a>
          )}
        </Fact>
        <Fact name={t("deadLetters.undiscarded")}>{count(deadLetters?.undiscarded ?? 0)}</Fact>
      </Facts>
    </section>
  );
}

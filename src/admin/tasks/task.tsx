import type { PropsWithChildren } from "hono/jsx";
import { Badge } from "../shared/components/badge";
import { BulkSummary } from "./bulk-summary";
import { Fact, Facts } from "../shared/components/facts";
import { LiveRegion } from "../shared/components/live-region";
import { JsonBlock } from "./json-block";
import { OrderLink } from "./order-link";
import { Notice } from "../shared/components/notice";
import { Time } from "../shared/components/time";
import { Timeline } from "./timeline";
import type { TaskFacts } from "../../tasks/reading/execution";
import { TRACKED } from "../../tasks/model/states";
import { isTaskId } from "../../lib/ids";
import { formatCount, formatDuration, shortId } from "../shared/format";
import { Layout } from "../shared/layout";
import type { TaskAction } from "../../tasks/commands/doable";
import type { View } from "../shared/view";
import { TaskError } from "./task-error";
import { tasksWords } from "./words";

interface TaskPageProps {
  view: View;
  task: TaskFacts;
  /** Its stages that take no time that could be measured. */
  computes: readonly string[];
  input: unknown;
  stored: boolean;
  /** Link to the file of an export; null when that is deleted. */
  file: string | null | undefined;
  /** Of those who had a hand in it, by how they are stored. */
  names: ReadonlyMap<string, string>;
  /** What this person may do to it in this state. */
  actions: Record<TaskAction, boolean>;
}

const RELOAD_SECONDS = 5;

/** What was just done, said once. */
const DONE = {
  retry: "task.retried",
  cancel: "task.cancelled",
  discard: "repair.discardedNow",
  replay: "replay.sent",
  bulk: "bulk.begun",
} as const;

const BUTTONS = [
  ["retry", "retries", "task.retry"],
  ["replay", "replays", "replay.button"],
  ["discard", "discards", "repair.discard"],
  ["cancel", "cancellations", "task.cancel"],
] as const;

export function TaskPage(props: TaskPageProps) {
  const { view, task, computes, input, stored, file, names, actions } = props;
  const { url } = view;
  const t = tasksWords(view);
  const path = `/admin/tasks/${encodeURIComponent(task.id)}`;
  const done = url.searchParams.get("done");
  return (
    <Layout
      view={view}
      title={`${t("task.title")} ${task.pedido_id ?? task.id}`}
      reloadIn={task.is_finished ? undefined : RELOAD_SECONDS}
    >
      {done !== null && Object.hasOwn(DONE, done) && (
        <Notice kind="good">{t(DONE[done as keyof typeof DONE])}</Notice>
      )}
      <LiveRegion view={view} about={{ task: task.id }} open={!task.is_finished}>
        <div class="heading" data-task={task.id}>
          <h1>
            {t("task.title")}{" "}
            <span data-status="">
              <Badge view={view} status={task.status} />
            </span>
          </h1>
          <div class="actions">
            {file && (
              <a class="button primary" href={file} download="">
                {t("exports.download")}
              </a>
            )}
            {BUTTONS.filter(([action]) => actions[action]).map(([, resource, label]) => (
              <a class="button" href={`${path}/${resource}`}>
                {t(label)}
              </a>
            ))}
          </div>
        </div>
        <p class="note">
          <code>{task.id}</code>
        </p>
        {file === null && <p class="note">{t("exports.deleted")}</p>}
        <Progress view={view} task={task} />
        <Discarded view={view} task={task} />
        <TaskError view={view} task={task} names={names} />
        {task.task_name === "system.bulk" && (
          <BulkSummary view={view} input={input} result={task.result_data} />
        )}
        <TaskFacts view={view} task={task} stored={stored} names={names} />
        <Section id="timeline" title={t("task.timeline")}>
          <Timeline view={view} events={task.timeline} computes={computes} names={names} />
        </Section>
        <Section id="input" title={t("task.input")}>
          <JsonBlock view={view} value={input} whole={`${path}/input`} />
        </Section>
        <Section id="result" title={t("task.result")}>
          {task.result_data === null ? (
            <p class="note">{t("task.noResult")}</p>
          ) : (
            <JsonBlock view={view} value={task.result_data} />
          )}
        </Section>
        {task.error_detail !== null && (
          <Section id="detail" title={t("task.errorDetail")}>
            <JsonBlock view={view} value={task.error_detail} />
          </Section>
        )}
      </LiveRegion>
    </Layout>
  );
}

function TaskFacts({
  view,
  task,
  stored,
  names,
}: Omit<TaskPageProps, "computes" | "input" | "file" | "actions">) {
  const t = tasksWords(view);
  const { requested_by: who, worker_name: worker } = task;
  const isTracked = task.queue_name === TRACKED;
  const gone = task.is_successful && task.pedido_id !== null && !stored;
  const time = (at: string | null) => (at === null ? null : <Time at={at} />);
  const attempts = { attempts: task.attempts, max: task.max_retries + 1 };
  return (
    <Facts>
      <Fact name={t("task.order")}>
        <OrderLink task={task} stored={stored} />
        {gone && ` (${t("task.orderDeleted")})`}
      </Fact>
      <Fact name={t("task.name")}>
        <bdi>{task.task_name}</bdi>
      </Fact>
      <Fact name={t("task.module")}>{task.task_module}</Fact>
      <Fact name={t("task.queue")}>{task.queue_name}</Fact>
      <Fact name={t("task.batch")} long>
        <a href={`/pedidos/lotes/${task.lote}`}>
          <code>{task.lote}</code>
        </a>
      </Fact>
      {task.task_id !== task.id && (
        <Fact name={t("task.externalId")} long>
          <bdi>
            <code>{task.task_id}</code>
          </bdi>
        </Fact>
      )}
      <Fact name={t(isTracked ? "task.reporter" : "task.worker")}>
        {worker === null ? null : <bdi>{names.get(worker) ?? worker}</bdi>}
      </Fact>
      <Fact name={t("task.user")}>{who ? <bdi>{names.get(who) ?? who}</bdi> : null}</Fact>
      {task.template !== null && (
        <Fact name={t("repair.template")}>
          <bdi>{task.template}</bdi>
        </Fact>
      )}
      {task.replay_of !== null && (
        <Fact name={t("replay.of")}>
          <TaskLink id={task.replay_of} />
        </Fact>
      )}
      <Fact name={t("task.attempts")}>{t("task.attemptsOf", attempts)}</Fact>
      <Fact name={t("task.created")}>{time(task.created_at)}</Fact>
      <Fact name={t("task.started")}>{time(task.started_at)}</Fact>
      <Fact name={t("task.finished")}>{time(task.completed_at)}</Fact>
      <Fact name={t("task.duration")}>
        {task.duration_seconds === null ? null : formatDuration(view, task.duration_seconds)}
      </Fact>
    </Facts>
  );
}

/** How far a long task is, as it last said. */
function Progress({ view, task }: { view: View; task: TaskFacts }) {
  const t = tasksWords(view);
  const { progress_percentage: percent, current_step: step, total_steps: steps } = task;
  if (task.status !== "PROGRESS") {
    return null;
  }
  const all = steps === null ? "" : t("live.steps", { count: formatCount(view.language, steps) });
  const label = [`${percent} %`, step, all];
  // A bulk action's step counts for itself.
  const words = step.includes("/") ? label.slice(0, 2) : label;
  return (
    <div class="progress">
      <progress max={100} value={percent} data-progress="" aria-label={t("live.progress")} />
      <p>
        <bdi>{words.filter(Boolean).join(" · ")}</bdi>
      </p>
    </div>
  );
}

/** Why nobody need look at this failure any more. */
function Discarded({ view, task }: { view: View; task: TaskFacts }) {
  const t = tasksWords(view);
  const reason = task.discard_reason;
  if (reason === null) {
    return null;
  }
  const copy = replayedAs(task, reason);
  return (
    <section class="box is-discarded" aria-labelledby="discarded">
      <h2 id="discarded">{t("repair.isDiscarded")}</h2>
      {copy !== null ? (
        <p>
          {t("replay.as")} <TaskLink id={copy} />
        </p>
      ) : (
        <p>
          <bdi>{reason}</bdi>
        </p>
      )}
    </section>
  );
}

/** Older versions said it in the reason only. */
const OLD_REASON = /^replayed as (\S+)$/;

/** The edited copy that stands in for a discarded task. */
function replayedAs({ timeline }: TaskFacts, reason: string): string | null {
  const noted = timeline.findLast(({ event }) => event === "discarded") as
    | { replayed_as?: unknown }
    | undefined;
  const copy = noted?.replayed_as ?? OLD_REASON.exec(reason)?.[1];
  return typeof copy === "string" && isTaskId(copy) ? copy : null;
}

function TaskLink({ id }: { id: string }) {
  return (
    <a href={`/admin/tasks/${encodeURIComponent(id)}`}>
      <code>{shortId(id)}</code>
    </a>
  );
}

export function Section({ id, title, children }: PropsWithChildren<{ id: string; title: string }>) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

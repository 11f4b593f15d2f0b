import type { PropsWithChildren } from "hono/jsx";
import { Badge } from "../components/badge";
import { Fact, Facts } from "../components/facts";
import { LiveRegion } from "../components/live-region";
import { JsonBlock } from "../components/json-block";
import { OrderLink } from "../components/order-link";
import { Notice } from "../components/notice";
import { Time } from "../components/time";
import { Timeline } from "../components/timeline";
import type { Execution } from "../../tasks/execution";
import { formatDuration } from "../format";
import { Layout } from "../layout";
import type { View } from "../view";
import { TaskError } from "./task-error";

interface TaskPageProps {
  view: View;
  task: Execution;
  input: unknown;
  stored: boolean;
  /** Link to the file of an export; null when that is deleted. */
  file: string | null | undefined;
  /** Of those who had a hand in it, by how they are stored. */
  names: ReadonlyMap<string, string>;
  /** What this person may do to it in this state. */
  actions: { retry: boolean; cancel: boolean };
}

const RELOAD_SECONDS = 5;

export function TaskPage(props: TaskPageProps) {
  const { view, task, input, stored, file, names, actions } = props;
  const { t, url } = view;
  const path = `/admin/tasks/${encodeURIComponent(task.id)}`;
  const done = url.searchParams.get("done");
  return (
    <Layout
      view={view}
      title={`${t("task.title")} ${task.pedido_id ?? task.id}`}
      reloadIn={task.is_finished ? undefined : RELOAD_SECONDS}
    >
      {done === "retry" && <Notice kind="good">{t("task.retried")}</Notice>}
      {done === "cancel" && <Notice kind="good">{t("task.cancelled")}</Notice>}
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
            {actions.retry && (
              <a class="button" href={`${path}/retries`}>
                {t("task.retry")}
              </a>
            )}
            {actions.cancel && (
              <a class="button" href={`${path}/cancellations`}>
                {t("task.cancel")}
              </a>
            )}
          </div>
        </div>
        <p class="note">
          <code>{task.id}</code>
        </p>
        {task.status === "PROGRESS" && <TaskProgress view={view} task={task} />}
        {file === null && <p class="note">{t("exports.deleted")}</p>}
        <TaskError view={view} task={task} names={names} />
        <TaskFacts view={view} task={task} stored={stored} names={names} />
        <Section id="timeline" title={t("task.timeline")}>
          <Timeline view={view} events={task.timeline} names={names} />
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

function TaskProgress({ view, task }: { view: View; task: Execution }) {
  const { progress_percentage: percent, current_step: step } = task;
  return (
    <div class="progress">
      <progress value={percent} max={100} data-progress="" aria-label={view.t("live.progress")} />
      <p>{`${percent} %${step ? ` · ${step}` : ""}`}</p>
    </div>
  );
}

function TaskFacts({
  view,
  task,
  stored,
  names,
}: Omit<TaskPageProps, "input" | "file" | "actions">) {
  const { t } = view;
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
      <Fact name={t("task.worker")}>{task.worker_name}</Fact>
      <Fact name={t("task.user")}>
        {task.user ? <bdi>{names.get(task.user) ?? task.user}</bdi> : null}
      </Fact>
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

export function Section({ id, title, children }: PropsWithChildren<{ id: string; title: string }>) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

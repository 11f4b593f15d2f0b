import { TRACKED } from "../../../tasks/model/states";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { Fact, Facts } from "../../shared/components/facts";
import { Time } from "../../shared/components/time";
import { formatDuration } from "../../shared/format";
import type { View } from "../../shared/view";
import { OrderLink } from "../order-link";
import { TaskLink } from "./task-link";
import { tasksWords } from "../words";

interface TaskFactListProps {
  view: View;
  task: TaskFacts;
  /** `stored` tells whether its order is in the database. */
  stored: boolean;
  /** `names` maps those who had a hand in it, as stored, to display names. */
  names: ReadonlyMap<string, string>;
}

/** Lists the facts of a task. */
export function TaskFactList({ view, task, stored, names }: TaskFactListProps) {
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

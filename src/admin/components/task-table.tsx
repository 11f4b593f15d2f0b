import type { Execution } from "../../tasks/execution";
import { errorOf } from "../execution-view";
import { formatDuration, shortId } from "../format";
import type { View } from "../view";
import { Badge } from "./badge";
import { ErrorText } from "./error-text";
import { OrderLink } from "./order-link";
import { Time } from "./time";

interface TaskTableProps {
  view: View;
  tasks: readonly Execution[];
  /** The tasks whose order is in the database. */
  withOrder: ReadonlySet<string>;
}

export function TaskTable({ view, tasks, withOrder }: TaskTableProps) {
  const { t } = view;
  return (
    <table class="rows">
      <caption class="unseen">{t("tasks.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("tasks.id")}</th>
          <th scope="col">{t("tasks.state")}</th>
          <th scope="col">{t("tasks.name")}</th>
          <th scope="col">{t("tasks.order")}</th>
          <th scope="col">{t("tasks.worker")}</th>
          <th scope="col">{t("tasks.started")}</th>
          <th scope="col" class="number">
            {t("tasks.duration")}
          </th>
          <th scope="col">{t("tasks.error")}</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <TaskRow view={view} task={task} stored={withOrder.has(task.id)} />
        ))}
      </tbody>
    </table>
  );
}

function TaskRow({ view, task, stored }: { view: View; task: Execution; stored: boolean }) {
  const { t } = view;
  const error = errorOf(task);
  return (
    <tr data-task={task.id}>
      <th scope="row" data-label={t("tasks.id")} class="tight code">
        <a href={`/admin/tasks/${encodeURIComponent(task.id)}`}>{shortId(task.id)}</a>
      </th>
      <td data-label={t("tasks.state")} class="corner">
        <Badge view={view} status={task.status} />
      </td>
      <td data-label={t("tasks.name")} class="tight">
        <bdi>{task.task_name}</bdi>
      </td>
      <td data-label={t("tasks.order")} class="id">
        <OrderLink task={task} stored={stored} />
      </td>
      <td data-label={t("tasks.worker")} class="tight">
        {task.worker_name}
      </td>
      <td data-label={t("tasks.started")}>
        {task.started_at ? <Time at={task.started_at} /> : null}
      </td>
      <td data-label={t("tasks.duration")} class="number">
        {task.duration_seconds === null ? null : formatDuration(view, task.duration_seconds)}
      </td>
      <td data-label={t("tasks.error")}>{error && <ErrorText {...error} />}</td>
    </tr>
  );
}

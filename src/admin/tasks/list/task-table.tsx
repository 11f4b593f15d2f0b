import type { Child } from "hono/jsx";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { errorOf } from "../one/execution-view";
import { formatDuration, shortId } from "../../shared/format";
import { type Column, COLUMNS, type TaskLook } from "./task-columns";
import type { View } from "../../shared/view";
import { ArchivedMark } from "../../shared/components/archived";
import { Badge } from "../../shared/components/badge";
import { ErrorText } from "../../shared/components/error-text";
import { OrderLink } from "../order-link";
import { Pick } from "./selection";
import { Time } from "../../shared/components/time";
import { tasksWords } from "../words";

interface TaskTableProps {
  view: View;
  tasks: readonly TaskFacts[];
  /** `withOrder` has the tasks whose order is in the database. */
  withOrder: ReadonlySet<string>;
  look: TaskLook;
  /** `names` maps the shown requesters, as stored, to display names. */
  names: ReadonlyMap<string, string>;
  /** `pickable` gives each row a box, inside a selection's form. */
  pickable: boolean;
}

export function TaskTable(props: TaskTableProps) {
  const { view, tasks, look, pickable } = props;
  const t = tasksWords(view);
  const columns = [...look.columns];
  return (
    <table class={look.dense ? "rows dense" : "rows"}>
      <caption class="unseen">{t("tasks.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("tasks.id")}</th>
          <th scope="col">{t("tasks.state")}</th>
          {columns.map((column) => (
            <th scope="col" class={CLASSES[column] === "number" ? "number" : undefined}>
              {t(COLUMNS[column])}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr data-task={task.id}>
            <th scope="row" data-label={t("tasks.id")} class="tight code">
              {pickable && !task.archived && <Pick view={view} id={task.id} />}
              <a href={`/admin/tasks/${encodeURIComponent(task.id)}`}>{shortId(task.id)}</a>
              {task.archived && <ArchivedMark view={view} />}
            </th>
            <td data-label={t("tasks.state")} class="corner">
              <Badge view={view} status={task.status} />
              {task.discard_reason !== null && <span class="note"> {t("repair.isDiscarded")}</span>}
            </td>
            {columns.map((column) => (
              <td data-label={t(COLUMNS[column])} class={CLASSES[column]}>
                {cell(column, task, props)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const CLASSES: Partial<Record<Column, string>> = {
  name: "tight",
  module: "tight",
  order: "id",
  worker: "tight worker",
  attempts: "number",
  duration: "number",
};

function cell(column: Column, task: TaskFacts, props: TaskTableProps): Child {
  const { view, withOrder, names } = props;
  const t = tasksWords(view);
  const error = errorOf(task);
  const who = task.requested_by;
  switch (column) {
    case "name":
      return <bdi>{task.task_name}</bdi>;
    case "module":
      return <bdi>{task.task_module}</bdi>;
    case "order":
      return <OrderLink task={task} stored={withOrder.has(task.id)} />;
    case "user":
      return who && <bdi>{names.get(who) ?? who}</bdi>;
    case "worker":
      // A person or key reports work elsewhere and has a name; consumers run everything else and
      // have none.
      return task.worker_name && <bdi>{names.get(task.worker_name) ?? task.worker_name}</bdi>;
    case "attempts":
      return t("task.attemptsOf", { attempts: task.attempts, max: task.max_retries + 1 });
    case "created":
      return <Time at={task.created_at} />;
    case "started":
      return task.started_at && <Time at={task.started_at} />;
    case "duration":
      return task.duration_seconds === null ? null : formatDuration(view, task.duration_seconds);
    case "error":
      return error && <ErrorText {...error} />;
    default:
      return column satisfies never;
  }
}

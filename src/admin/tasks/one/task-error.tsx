import { isTaskId } from "../../../lib/ids";
import type { Status } from "../../../tasks/model/states";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { adviceOn } from "./error-advice";
import { errorOf } from "./execution-view";
import { shortId } from "../../shared/format";
import type { View } from "../../shared/view";
import { tasksWords, type TaskKey } from "../words";

const TITLES: Partial<Record<Status, TaskKey>> = {
  FAILURE: "task.failed",
  REVOKED: "task.stopped",
};

interface TaskErrorProps {
  view: View;
  task: TaskFacts;
  names: ReadonlyMap<string, string>;
}

/** Shows why a task failed, or what an open one waits for, with a link to the task in its way. */
export function TaskError({ view, task, names }: TaskErrorProps) {
  const t = tasksWords(view);
  const error = errorOf(task);
  if (error === null) {
    return null;
  }
  const detail = (task.error_detail ?? {}) as Record<string, unknown>;
  const advice = task.status === "FAILURE" ? adviceOn(error.code, task.task_name) : null;
  const facts = [
    ["task.stage", detail["stage"]],
    ["task.field", detail["field"]],
    ["task.sku", detail["sku"]],
    [
      "task.by",
      typeof detail["by"] === "string" ? (names.get(detail["by"]) ?? detail["by"]) : null,
    ],
  ] as const;
  const kind = task.is_finished ? task.status.toLowerCase() : "retry";
  return (
    <section class={`box is-${kind}`} aria-labelledby="why">
      <h2 id="why">{t(TITLES[task.status] ?? "task.waiting")}</h2>
      <p>
        <code>{error.code}</code> <bdi>{error.message}</bdi>
      </p>
      <p class="note">
        {facts.map(
          ([name, value]) =>
            typeof value === "string" &&
            value !== "" && (
              <span class="pair">
                {t(name)}{" "}
                <code>
                  <bdi>{value}</bdi>
                </code>
              </span>
            ),
        )}
      </p>
      {advice && <p>{t(advice)}</p>}
      {task.error_traceback && (
        <details>
          <summary>{t("task.traceback")}</summary>
          <pre class="json" dir="ltr">
            <code>{task.error_traceback}</code>
          </pre>
        </details>
      )}
      <Other view={view} text="task.duplicateOf" id={detail["winner"]} />
      <Other view={view} text="task.heldBy" id={detail["task"]} />
    </section>
  );
}

interface OtherProps {
  view: View;
  text: "task.duplicateOf" | "task.heldBy";
  id: unknown;
}

function Other({ view, text, id }: OtherProps) {
  const t = tasksWords(view);
  return typeof id === "string" && isTaskId(id) ? (
    <p>
      <a href={`/admin/tasks/${id}`}>{t(text, { id: shortId(id) })}</a>
    </p>
  ) : null;
}

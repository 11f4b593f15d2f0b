import { onlySet, type TaskQuery } from "./task-query";
import type { View } from "../../shared/view";
import { tasksWords } from "../words";

/** Starts an export of the tasks that a list shows, its further pages included. */
export function TaskExport({ view, typed }: { view: View; typed: TaskQuery["typed"] }) {
  const t = tasksWords(view);
  return (
    <form method="post" action="/admin/tasks/exports">
      {Object.entries(onlySet(typed)).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button class="button" title={t("exports.tasksTitle")}>
        {t("exports.tasks")}
      </button>
    </form>
  );
}

import { onlySet, type TaskQuery } from "./task-query";
import type { View } from "../shared/view";

/** Starts an export of the tasks a list shows, its further pages included. */
export function TaskExport({ view: { t }, typed }: { view: View; typed: TaskQuery["typed"] }) {
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

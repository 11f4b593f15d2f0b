import { type Column, COLUMNS, type TaskLook } from "./task-columns";
import type { View } from "../../shared/view";
import { tasksWords } from "../words";

/** Shows the choice of columns and density, which the browser keeps. */
export function TaskLookForm({ view, look }: { view: View; look: TaskLook }) {
  const { url } = view;
  const t = tasksWords(view);
  return (
    <details class="look">
      <summary>{t("repair.look")}</summary>
      <form method="post" action="/admin/tasks/look">
        <input type="hidden" name="back" value={url.pathname + url.search} />
        <fieldset>
          <legend>{t("repair.columns")}</legend>
          {(Object.keys(COLUMNS) as Column[]).map((column) => (
            <label class="choice">
              <input
                type="checkbox"
                name="column"
                value={column}
                checked={look.columns.has(column)}
              />
              {t(COLUMNS[column])}
            </label>
          ))}
        </fieldset>
        <fieldset>
          <legend>{t("repair.density")}</legend>
          {(["normal", "dense"] as const).map((density) => (
            <label class="choice">
              <input
                type="radio"
                name="density"
                value={density}
                checked={look.dense === (density === "dense")}
              />
              {t(`repair.${density}`)}
            </label>
          ))}
        </fieldset>
        <p class="actions">
          <button class="button primary">{t("repair.keepLook")}</button>
          <button class="button" name="reset" value="1">
            {t("repair.resetLook")}
          </button>
        </p>
      </form>
    </details>
  );
}

import type { TemplateSummary } from "../../tasks/templates/templates";
import type { View } from "../shared/view";
import type { RegisteredTask } from "./task-table";
import { runsWords } from "./words";

interface TemplateTableProps {
  view: View;
  templates: readonly TemplateSummary[];
  tasks: readonly RegisteredTask[];
  mayWrite: boolean;
}

/** Lists templates, which keep inputs of tasks to be run again. */
export function TemplateTable({ view, templates, tasks, mayWrite }: TemplateTableProps) {
  const t = runsWords(view);
  const startable = new Set(
    tasks.flatMap(({ definition, mayStart }) => (mayStart ? [definition.name] : [])),
  );
  const moduleOf = new Map(tasks.map(({ definition }) => [definition.name, definition.module]));
  return (
    <table class="rows">
      <caption class="unseen">{t("templates.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("templates.name")}</th>
          <th scope="col">{t("templates.task_name")}</th>
          <th scope="col">{t("templates.module")}</th>
          <th scope="col">{t("templates.description")}</th>
          <th scope="col">{t("templates.active")}</th>
          <th scope="col">
            <span class="unseen">{t("run.run")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {templates.map(({ name, taskName, module, description, active }) => {
          const path = `/admin/run/templates/${encodeURIComponent(name)}`;
          return (
            <tr>
              <th scope="row" data-label={t("templates.name")}>
                {mayWrite ? (
                  <a href={path}>
                    <bdi>{name}</bdi>
                  </a>
                ) : (
                  <bdi>{name}</bdi>
                )}
              </th>
              <td data-label={t("templates.task_name")} class="tight">
                <bdi>{taskName}</bdi>
              </td>
              <td data-label={t("templates.module")}>
                <span>
                  <bdi>{moduleOf.get(taskName) ?? module}</bdi>
                  {module !== "" && !moduleOf.has(taskName) && (
                    <span class="note"> · {t("templates.elsewhere")}</span>
                  )}
                </span>
              </td>
              <td data-label={t("templates.description")}>
                {description && <bdi>{description}</bdi>}
              </td>
              <td data-label={t("templates.active")}>{t(active ? "run.yes" : "run.no")}</td>
              <td class="corner">
                {active && startable.has(taskName) && (
                  <a class="button" href={`${path}/runs`} aria-label={`${t("run.run")} ${name}`}>
                    {t("run.run")}
                  </a>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

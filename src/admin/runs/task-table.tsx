import type { TaskDefinition } from "../../tasks/model/define";
import { formatCount, formatDuration } from "../shared/format";
import type { View } from "../shared/view";
import { whatItDoes } from "../tasks/what-it-does";
import { runsWords } from "./words";

export interface RegisteredTask {
  definition: TaskDefinition;
  attempts: number;
  /** `mayStart` tells whether the reader may start it. */
  mayStart: boolean;
}

/** Lists the tasks of this deployment. */
export function StartableTable({ view, tasks }: { view: View; tasks: readonly RegisteredTask[] }) {
  const { language } = view;
  const t = runsWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("run.tasks")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("tasks.name")}</th>
          <th scope="col">{t("run.does")}</th>
          <th scope="col">{t("run.module")}</th>
          <th scope="col">{t("run.queue")}</th>
          <th scope="col" class="number">
            {t("run.timeout")}
          </th>
          <th scope="col" class="number">
            {t("run.retries")}
          </th>
          <th scope="col">{t("run.who")}</th>
          <th scope="col">
            <span class="unseen">{t("run.run")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tasks.map(({ definition, attempts, mayStart }) => {
          const { name, module, queue, timeoutMs, startedBy } = definition;
          return (
            <tr>
              <th scope="row" data-label={t("tasks.name")}>
                <a href={`/admin/tasks?name=${encodeURIComponent(name)}`}>
                  <bdi>{name}</bdi>
                </a>
              </th>
              <td data-label={t("run.does")}>{whatItDoes(view, definition)}</td>
              <td data-label={t("run.module")}>
                <a href={`/admin/modules/${encodeURIComponent(module)}`}>
                  <bdi>{module}</bdi>
                </a>
              </td>
              <td data-label={t("run.queue")}>
                <a href={`/admin/queues#queue-${queue}`}>
                  <bdi>{queue}</bdi>
                </a>
              </td>
              <td data-label={t("run.timeout")} class="number">
                {formatDuration(view, timeoutMs / 1000)}
              </td>
              <td data-label={t("run.retries")} class="number">
                {formatCount(language, Math.max(0, attempts - 1))}
              </td>
              <td data-label={t("run.who")}>
                {startedBy === null
                  ? t("run.internal")
                  : t("run.from", { role: t(`role.${startedBy}`) })}
              </td>
              <td class="corner">
                {mayStart && (
                  <a
                    class="button"
                    href={`/admin/run/tasks/${encodeURIComponent(name)}`}
                    aria-label={`${t("run.run")} ${name}`}
                  >
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

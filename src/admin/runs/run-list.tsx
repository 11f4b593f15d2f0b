import type { TaskDefinition } from "../../tasks/model/define";
import type { TemplateSummary } from "../../tasks/templates/templates";
import { EmptyState } from "../shared/components/empty-state";
import { Notice } from "../shared/components/notice";
import { formatCount, formatDuration } from "../shared/format";
import { Layout } from "../shared/layout";
import { whatItDoes } from "../tasks/task-words";
import type { View } from "../shared/view";
import { runsWords } from "./words";

interface RegisteredTask {
  definition: TaskDefinition;
  attempts: number;
  /** Whether the reader may start it. */
  mayStart: boolean;
}

interface RunListPageProps {
  view: View;
  tasks: readonly RegisteredTask[];
  templates: readonly TemplateSummary[];
  mayWrite: boolean;
}

/** What can run here: the tasks of this deployment, and the templates made of them. */
export function RunListPage({ view, tasks, templates, mayWrite }: RunListPageProps) {
  const { url } = view;
  const t = runsWords(view);
  const saved = templates.find(({ name }) => name === url.searchParams.get("saved"));
  return (
    <Layout view={view} title={t("run.title")}>
      <h1>{t("run.title")}</h1>
      {saved && (
        <Notice kind="good">
          {t(saved.active ? "templates.saved" : "templates.deactivated", { name: saved.name })}
        </Notice>
      )}
      <section aria-labelledby="tasks-title">
        <h2 id="tasks-title">{t("run.tasks")}</h2>
        <TaskTable view={view} tasks={tasks} />
      </section>
      <section id="templates" aria-labelledby="templates-title">
        <div class="heading">
          <h2 id="templates-title">{t("templates.title")}</h2>
          {mayWrite && templates.length > 0 && (
            <a class="button" href="/admin/run/templates">
              {t("templates.new")}
            </a>
          )}
        </div>
        {templates.length === 0 ? (
          <EmptyState title={t("templates.emptyTitle")} text={t("templates.empty")}>
            {mayWrite && (
              <a class="button" href="/admin/run/templates">
                {t("templates.new")}
              </a>
            )}
          </EmptyState>
        ) : (
          <TemplateTable view={view} templates={templates} tasks={tasks} mayWrite={mayWrite} />
        )}
      </section>
    </Layout>
  );
}

function TaskTable({ view, tasks }: { view: View; tasks: readonly RegisteredTask[] }) {
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

type TemplateTableProps = Pick<RunListPageProps, "view" | "templates" | "tasks" | "mayWrite">;

function TemplateTable({ view, templates, tasks, mayWrite }: TemplateTableProps) {
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

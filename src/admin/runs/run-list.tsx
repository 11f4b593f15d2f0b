import type { TemplateSummary } from "../../tasks/templates/templates";
import { EmptyState } from "../shared/components/empty-state";
import { Notice } from "../shared/components/notice";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { type RegisteredTask, StartableTable } from "./task-table";
import { TemplateTable } from "./template-table";
import { runsWords } from "./words";

interface RunListPageProps {
  view: View;
  tasks: readonly RegisteredTask[];
  templates: readonly TemplateSummary[];
  mayWrite: boolean;
}

/** Lists what can be started: the tasks of this deployment, and the templates made of them. */
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
        <StartableTable view={view} tasks={tasks} />
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

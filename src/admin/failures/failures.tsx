import type { FailureGroups } from "../../tasks/statistics/failure-groups";
import { DayFields } from "../shared/components/day-fields";
import { EmptyState } from "../shared/components/empty-state";
import { SelectField } from "../shared/components/field";
import { AsOf, LiveRegion, said } from "../shared/components/live-region";
import { Notice } from "../shared/components/notice";
import { RepairTabs } from "./repair-tabs";
import { FailureGroupRow } from "./failure-group";
import type { FailureQuery } from "./failure-query";
import { formatCount } from "../shared/format";
import { Layout } from "../shared/layout";
import { taskQuery } from "../tasks/list/task-query";
import type { View } from "../shared/view";
import { failuresWords } from "./words";

interface FailuresPageProps {
  view: View;
  query: FailureQuery;
  known: { names: string[]; modules: string[] };
  /** `found` is null when the filters cannot be read. */
  found: FailureGroups | null;
  mayAct: boolean;
}

export function FailuresPage(props: FailuresPageProps) {
  const { view, query, found } = props;
  const t = failuresWords(view);
  return (
    <Layout view={view} title={t("failures.title")}>
      <h1>{t("failures.title")}</h1>
      <RepairTabs view={view} />
      <FailureFilters {...props} />
      {found === null ? (
        <Notice kind="bad">{t(query.problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <Groups {...props} found={found} />
      )}
    </Layout>
  );
}

function FailureFilters({ view, query, known }: FailuresPageProps) {
  const { url } = view;
  const t = failuresWords(view);
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  const options = (all: string[]) => all.map((value) => ({ value, label: value }));
  return (
    <form class="filters" method="get" action={url.pathname} role="search">
      <div class="fields">
        <SelectField
          id="module"
          label={t("task.module")}
          value={typed.module}
          any={t("list.any")}
          options={options(known.modules)}
          problem={problem("module")}
        />
        <SelectField
          id="name"
          label={t("tasks.name")}
          value={typed.name}
          any={t("list.any")}
          options={options(known.names)}
          problem={problem("name")}
        />
        <DayFields view={view} typed={typed} problems={problems} />
        <p class="actions">
          <button class="button primary">{t("list.apply")}</button>
          {query.active > 0 && (
            <a class="button" href={url.pathname}>
              {t("list.clear")}
            </a>
          )}
        </p>
      </div>
    </form>
  );
}

function Groups({ view, query, found, mayAct }: FailuresPageProps & { found: FailureGroups }) {
  const { language } = view;
  const t = failuresWords(view);
  const { groups, kinds, failures, earlier } = found;
  const counts = {
    failures: formatCount(language, failures),
    groups: formatCount(language, kinds),
  };
  const summary = t(groups.length > 0 ? "failures.summary" : "failures.noneTitle", counts);
  return (
    <LiveRegion view={view} about={{ module: query.filter.module }} open summary>
      <div class="heading">
        <p class="note" {...said(summary)}>
          {groups.length > 0 && summary}
        </p>
        <AsOf view={view} now={Date.now()} />
      </div>
      {groups.length === 0 ? (
        <EmptyState
          title={t("failures.noneTitle")}
          text={t(earlier === null ? "failures.none" : "failures.noneYet")}
        >
          <a class="button" href="/admin/tasks?status=FAILURE">
            {t("failures.all")}
          </a>
        </EmptyState>
      ) : (
        <table class="rows failures">
          <caption class="unseen">{t("failures.caption")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("tasks.error")}</th>
              <th scope="col" class="number">
                {t("failures.count")}
              </th>
              <th scope="col">{t("tasks.name")}</th>
              <th scope="col">{t("failures.when")}</th>
              <th scope="col">{t("failures.next")}</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <FailureGroupRow view={view} query={query} group={group} mayAct={mayAct} />
            ))}
          </tbody>
        </table>
      )}
      {kinds > groups.length && (
        <p class="note">{t("failures.most", { groups: formatCount(language, groups.length) })}</p>
      )}
      {earlier !== null && <Earlier view={view} query={query} id={earlier} />}
    </LiveRegion>
  );
}

function Earlier({ view, query, id }: { view: View; query: FailureQuery; id: string }) {
  const t = failuresWords(view);
  return (
    <nav class="pager" aria-label={t("list.pages")}>
      <span class="note">{t("failures.looked")}</span>
      <a class="button" rel="next" href={`/admin/failures?${taskQuery(query.typed)}&before=${id}`}>
        {t("failures.earlier")} →
      </a>
    </nav>
  );
}

import type { Page } from "../../http/paging";
import type { Execution } from "../../tasks/execution";
import { STATUSES } from "../../tasks/states";
import { EmptyState } from "../components/empty-state";
import { LiveRegion } from "../components/live-region";
import { Filters, SelectField, TextField } from "../components/filters";
import { Notice } from "../components/notice";
import { Pager } from "../components/pager";
import { TaskTable } from "../components/task-table";
import { Layout } from "../layout";
import type { TaskQuery } from "../task-query";
import type { View } from "../view";

interface TaskListPageProps {
  view: View;
  query: TaskQuery;
  names: string[];
  /** Null when the filters cannot be read. */
  list: { page: Page<unknown>; tasks: Execution[]; withOrder: Set<string> } | null;
}

export function TaskListPage({ view, query, names, list }: TaskListPageProps) {
  const { t } = view;
  return (
    <Layout view={view} title={t("tasks.title")}>
      <h1>{t("tasks.title")}</h1>
      <TaskFilters view={view} query={query} names={names} />
      {list === null ? (
        <Notice kind="bad">{t(query.problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <TaskList view={view} query={query} {...list} />
      )}
    </Layout>
  );
}

function TaskFilters({ view, query, names }: Omit<TaskListPageProps, "list">) {
  const { t } = view;
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  const known = typed.name === "" || names.includes(typed.name) ? names : [...names, typed.name];
  return (
    <Filters
      view={view}
      active={query.active}
      search={{ value: typed.q, hint: t("tasks.searchHint"), problem: problem("q") }}
    >
      <SelectField
        id="status"
        label={t("tasks.state")}
        value={typed.status}
        any={t("tasks.anyState")}
        options={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
        problem={problem("status")}
      />
      <SelectField
        id="name"
        label={t("tasks.name")}
        value={typed.name}
        any={t("tasks.anyName")}
        options={known.map((value) => ({ value, label: value }))}
        problem={problem("name")}
      />
      <TextField
        id="worker"
        label={t("tasks.worker")}
        value={typed.worker}
        problem={problem("worker")}
      />
      <TextField id="lote" label={t("tasks.batch")} value={typed.lote} problem={problem("lote")} />
      <TextField
        id="from"
        type="date"
        label={t("list.from")}
        value={typed.from}
        problem={problem("from")}
      />
      <TextField
        id="to"
        type="date"
        label={t("list.to")}
        value={typed.to}
        problem={problem("to")}
      />
    </Filters>
  );
}

type TaskListProps = { view: View; query: TaskQuery } & NonNullable<TaskListPageProps["list"]>;

function TaskList({ view, query, page, tasks, withOrder }: TaskListProps) {
  const { t } = view;
  const filtered = query.active > 0 || query.typed.q !== "" || query.request.cursor !== null;
  if (tasks.length === 0 && page.next === null && !filtered) {
    return (
      <EmptyState title={t("tasks.emptyTitle")} text={t("tasks.empty")}>
        <a class="button" href="/">
          {t("error.home")}
        </a>
      </EmptyState>
    );
  }
  const isShort = page.next !== null && tasks.length < query.request.limit;
  const { lote } = query.filter;
  return (
    <LiveRegion view={view} about={{ lote }} open grows={query.request.cursor === null}>
      {isShort && <Notice kind="good">{t("list.short")}</Notice>}
      {tasks.length === 0 ? (
        !isShort && (
          <EmptyState title={t("tasks.noneTitle")} text={t("tasks.none")}>
            <a class="button" href="/admin/tasks">
              {t("list.clear")}
            </a>
          </EmptyState>
        )
      ) : (
        <TaskTable view={view} tasks={tasks} withOrder={withOrder} />
      )}
      <Pager view={view} page={page} />
    </LiveRegion>
  );
}

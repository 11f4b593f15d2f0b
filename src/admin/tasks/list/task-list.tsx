import type { PropsWithChildren } from "hono/jsx";
import type { MergedPage } from "../../../archive/merge";
import type { Total } from "../../../http/paging";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { STATUSES } from "../../../tasks/model/states";
import { DamageNotice } from "../../shared/components/archived";
import { DayFields } from "../../shared/components/day-fields";
import { EmptyState } from "../../shared/components/empty-state";
import { LiveRegion } from "../../shared/components/live-region";
import { InputField, SelectField } from "../../shared/components/field";
import { Filters } from "../../shared/components/filters";
import { Notice } from "../../shared/components/notice";
import { Pager } from "../../shared/components/pager";
import { Selection } from "./selection";
import { TaskExport } from "./task-export";
import { TaskTable } from "./task-table";
import { Layout } from "../../shared/layout";
import type { TaskLook } from "./task-columns";
import type { TaskQuery } from "./task-query";
import type { View } from "../../shared/view";
import { TaskLookForm } from "./task-look";
import { tasksWords } from "../words";

interface TaskListPageProps {
  view: View;
  query: TaskQuery;
  /** `known` has the registered tasks, and their modules. */
  known: { names: string[]; modules: string[] };
  look: TaskLook;
  /** `list` is null when the filters cannot be read. */
  list: List | null;
}

interface List {
  page: MergedPage<unknown>;
  tasks: TaskFacts[];
  withOrder: Set<string>;
  /** `people` maps the shown requesters, as stored, to display names. */
  people: ReadonlyMap<string, string>;
  /** `mayAct` tells whether this person may act on the tasks. */
  mayAct: boolean;
}

export function TaskListPage({ view, query, known, look, list }: TaskListPageProps) {
  const t = tasksWords(view);
  return (
    <Layout view={view} title={t("tasks.title")}>
      <h1>{t("tasks.title")}</h1>
      <TaskFilters view={view} query={query} known={known} />
      <div class="list-tools">
        {list !== null && <TaskExport view={view} typed={query.typed} />}
        <TaskLookForm view={view} look={look} />
      </div>
      {list === null ? (
        <Notice kind="bad">{t(query.problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <TaskList view={view} query={query} look={look} {...list} />
      )}
    </Layout>
  );
}

function TaskFilters({ view, query, known }: Omit<TaskListPageProps, "list" | "look">) {
  const t = tasksWords(view);
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  const options = (all: string[], value: string) =>
    (value === "" || all.includes(value) ? all : [...all, value]).map((each) => ({
      value: each,
      label: each,
    }));
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
        any={t("list.anyState")}
        options={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
        problem={problem("status")}
      />
      <SelectField
        id="name"
        label={t("tasks.name")}
        value={typed.name}
        any={t("list.any")}
        options={options(known.names, typed.name)}
        problem={problem("name")}
      />
      <SelectField
        id="module"
        label={t("task.module")}
        value={typed.module}
        any={t("list.any")}
        options={options(known.modules, typed.module)}
        problem={problem("module")}
      />
      <SelectField
        id="discarded"
        label={t("repair.discarded")}
        value={typed.discarded}
        any={t("list.anyState")}
        options={(["no", "yes"] as const).map((value) => ({ value, label: t(`repair.${value}`) }))}
        problem={problem("discarded")}
      />
      <InputField id="code" label={t("repair.code")} value={typed.code} problem={problem("code")} />
      <InputField
        id="message"
        label={t("repair.message")}
        value={typed.message}
        problem={problem("message")}
      />
      <InputField
        id="worker"
        label={t("tasks.worker")}
        value={typed.worker}
        problem={problem("worker")}
      />
      <InputField id="lote" label={t("tasks.batch")} value={typed.lote} problem={problem("lote")} />
      <DayFields view={view} typed={typed} problems={problems} />
    </Filters>
  );
}

function TaskList(props: { view: View; query: TaskQuery; look: TaskLook } & List) {
  const { view, query, look, page, tasks, withOrder, people, mayAct } = props;
  const t = tasksWords(view);
  const filtered = query.active > 0 || query.typed.q !== "" || query.request.cursor !== null;
  if (tasks.length === 0 && page.next === null && !filtered && page.damage.length === 0) {
    return (
      <EmptyState title={t("tasks.emptyTitle")} text={t("tasks.empty")}>
        <a class="button" href="/">
          {t("nav.home")}
        </a>
      </EmptyState>
    );
  }
  const isShort = page.next !== null && tasks.length < query.request.limit;
  const { lote } = query.filter;
  return (
    <LiveRegion view={view} about={{ lote }} open grows={query.request.cursor === null}>
      {isShort && <Notice kind="good">{t("list.short")}</Notice>}
      <DamageNotice view={view} damage={page.damage} />
      {query.typed.q !== "" && <p class="note">{t("tasks.notByError")}</p>}
      {tasks.length === 0 ? (
        !isShort && (
          <EmptyState title={t("tasks.noneTitle")} text={t("tasks.none")}>
            <a class="button" href="/admin/tasks">
              {t("list.clear")}
            </a>
          </EmptyState>
        )
      ) : (
        <Actionable view={view} query={query} total={page.total} mayAct={mayAct}>
          <TaskTable {...{ view, tasks, withOrder, look }} names={people} pickable={mayAct} />
        </Actionable>
      )}
      <Pager view={view} page={page} />
    </LiveRegion>
  );
}

type ActionableProps = PropsWithChildren<
  Pick<List, "mayAct"> & {
    view: View;
    query: TaskQuery;
    total: Total;
  }
>;

/** Adds the bar of actions for those who may use it. */
function Actionable({ view, query, total, mayAct, children }: ActionableProps) {
  return mayAct ? (
    <Selection view={view} filter={query.typed} total={total}>
      {children}
    </Selection>
  ) : (
    <>{children}</>
  );
}

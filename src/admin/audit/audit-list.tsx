import { AUDITED, type AuditedAction, type AuditEntry } from "../../audit/audit";
import type { Page } from "../../http/paging";
import type { TaskFacts } from "../../tasks/reading/execution";
import { AuditDetail } from "./audit-detail";
import { AuditTarget } from "./audit-target";
import type { AuditQuery } from "./audit-query";
import { EmptyState } from "../shared/components/empty-state";
import { InputField, SelectField } from "../shared/components/field";
import { Filters } from "../shared/components/filters";
import { Notice } from "../shared/components/notice";
import { Pager } from "../shared/components/pager";
import { Time } from "../shared/components/time";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { auditWords, type AuditKey } from "./words";

interface AuditList {
  page: Page<AuditEntry>;
  /** `names` maps callers, as stored, to display names. */
  names: ReadonlyMap<string, string>;
  /** `bulks` maps ids to the tasks of bulk actions. */
  bulks: ReadonlyMap<string, TaskFacts>;
}

interface AuditListPageProps {
  view: View;
  query: AuditQuery;
  /** `list` is null when the filters cannot be read. */
  list: AuditList | null;
}

/** WORDS maps each action to its text. */
const WORDS: Record<AuditedAction, AuditKey> = {
  "task.cancel": "audit.taskCancel",
  "task.retry": "audit.taskRetry",
  "task.discard": "audit.taskDiscard",
  "task.replay": "audit.taskReplay",
  "task.run": "audit.taskRun",
  "tasks.cancel": "audit.tasksCancel",
  "tasks.retry": "audit.tasksRetry",
  "tasks.discard": "audit.tasksDiscard",
  "template.save": "audit.templateSave",
  "template.deactivate": "audit.templateDeactivate",
  "queue.pause": "audit.queuePause",
  "queue.resume": "audit.queueResume",
  "order.delete": "audit.orderDelete",
  "export.orders": "audit.exportOrders",
  "export.tasks": "audit.exportTasks",
  "key.create": "audit.keyCreate",
  "key.revoke": "audit.keyRevoke",
  "person.create-user": "audit.personCreate",
  "person.set-role": "audit.personRole",
  "person.set-user-password": "audit.personPassword",
  "person.ban-user": "audit.personBan",
  "person.unban-user": "audit.personUnban",
  "person.remove-user": "audit.personRemove",
  "person.revoke-user-session": "audit.personSession",
  "person.revoke-user-sessions": "audit.personSessions",
};

export function AuditListPage({ view, query, list }: AuditListPageProps) {
  const t = auditWords(view);
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  return (
    <Layout view={view} title={t("audit.title")}>
      <h1>{t("audit.title")}</h1>
      <Filters
        view={view}
        active={query.active}
        search={{ value: typed.q, hint: t("audit.searchHint"), problem: problem("q") }}
      >
        <InputField
          id="actor"
          label={t("audit.actor")}
          value={typed.actor}
          problem={problem("actor")}
        />
        <SelectField
          id="action"
          label={t("audit.action")}
          value={typed.action}
          any={t("list.any")}
          options={AUDITED.map((value) => ({ value, label: t(WORDS[value]) }))}
          problem={problem("action")}
        />
      </Filters>
      {list === null ? (
        <Notice kind="bad">{t(problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <Entries view={view} query={query} list={list} />
      )}
    </Layout>
  );
}

function Entries({ view, query, list }: { view: View; query: AuditQuery; list: AuditList }) {
  const t = auditWords(view);
  const { page } = list;
  const isFiltered = query.active > 0 || query.typed.q !== "" || query.request.cursor !== null;
  if (page.rows.length === 0 && page.next === null) {
    return isFiltered ? (
      <EmptyState title={t("audit.noneTitle")} text={t("audit.none")}>
        <a class="button" href="/admin/audit">
          {t("list.clear")}
        </a>
      </EmptyState>
    ) : (
      <EmptyState title={t("audit.emptyTitle")} text={t("audit.empty")} />
    );
  }
  const isShort = page.next !== null && page.rows.length < query.request.limit;
  return (
    <>
      {isShort && <Notice kind="good">{t("audit.short")}</Notice>}
      <table class="rows">
        <caption class="unseen">{t("audit.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("audit.what")}</th>
            <th scope="col">{t("audit.at")}</th>
            <th scope="col">{t("audit.actor")}</th>
            <th scope="col">{t("audit.target")}</th>
            <th scope="col">{t("audit.detail")}</th>
          </tr>
        </thead>
        <tbody>
          {page.rows.map((entry) => (
            <Row view={view} entry={entry} list={list} />
          ))}
        </tbody>
      </table>
      <Pager view={view} page={page} />
    </>
  );
}

function Row({ view, entry, list }: { view: View; entry: AuditEntry; list: AuditList }) {
  const t = auditWords(view);
  const { actor } = entry;
  const only = new URLSearchParams({ actor });
  return (
    <tr>
      <th scope="row" data-label={t("audit.what")}>
        {t(WORDS[entry.action])}
      </th>
      <td data-label={t("audit.at")}>
        <Time at={entry.at} />
      </td>
      <td data-label={t("audit.actor")} class="tight">
        <a href={`/admin/audit?${only.toString()}`} title={actor}>
          <bdi>{list.names.get(actor) ?? actor}</bdi>
        </a>
        {actor.startsWith("key:") && <span class="note"> {t("audit.byKey")}</span>}
      </td>
      <td data-label={t("audit.target")}>
        <AuditTarget entry={entry} names={list.names} />
      </td>
      <td data-label={t("audit.detail")}>
        <AuditDetail view={view} entry={entry} bulk={list.bulks.get(entry.target)} />
      </td>
    </tr>
  );
}

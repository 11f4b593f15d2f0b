import { ROLES } from "../../caller";
import type { PersonRow } from "../../auth/people/people-list";
import type { Page } from "../../http/paging";
import { EmptyState } from "../shared/components/empty-state";
import { SelectField } from "../shared/components/field";
import { Filters } from "../shared/components/filters";
import { Notice } from "../shared/components/notice";
import { Pager } from "../shared/components/pager";
import { PersonState } from "./person-state";
import { Time } from "../shared/components/time";
import { formatCount } from "../shared/format";
import { Layout } from "../shared/layout";
import type { PeopleQuery } from "./people-query";
import type { View } from "../shared/view";
import { peopleWords } from "./words";

interface PeopleListPageProps {
  view: View;
  query: PeopleQuery;
  /** `page` is null when the filters cannot be read. */
  page: Page<PersonRow> | null;
}

export function PeopleListPage({ view, query, page }: PeopleListPageProps) {
  const { url } = view;
  const t = peopleWords(view);
  const removed = url.searchParams.get("removed");
  return (
    <Layout view={view} title={t("people.title")}>
      <div class="heading">
        <h1>{t("people.title")}</h1>
        <a class="button primary" href="/admin/people/new">
          {t("people.new")}
        </a>
      </div>
      {removed !== null && (
        <Notice kind="good">{t("people.removed", { email: removed.slice(0, 255) })}</Notice>
      )}
      <PeopleFilters view={view} query={query} />
      {page === null ? (
        <Notice kind="bad">{t(query.problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <PeopleList view={view} query={query} page={page} />
      )}
    </Layout>
  );
}

function PeopleFilters({ view, query }: { view: View; query: PeopleQuery }) {
  const t = peopleWords(view);
  const { typed, problems } = query;
  const problem = (name: keyof typeof problems) => problems[name] && t(problems[name]);
  return (
    <Filters
      view={view}
      active={query.active}
      search={{ value: typed.q, hint: t("people.searchHint"), problem: problem("q") }}
    >
      <SelectField
        id="role"
        label={t("people.role")}
        value={typed.role}
        any={t("list.any")}
        options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
        problem={problem("role")}
      />
      <SelectField
        id="state"
        label={t("people.state")}
        value={typed.state}
        any={t("list.anyState")}
        options={[
          { value: "active", label: t("people.active") },
          { value: "banned", label: t("people.banned") },
        ]}
        problem={problem("state")}
      />
    </Filters>
  );
}

function PeopleList(props: { view: View; query: PeopleQuery; page: Page<PersonRow> }) {
  const { view, query, page } = props;
  const t = peopleWords(view);
  const isShort = page.next !== null && page.rows.length < query.request.limit;
  return (
    <>
      {isShort && <Notice kind="good">{t("people.short")}</Notice>}
      {page.rows.length === 0 ? (
        !isShort && (
          <EmptyState title={t("people.noneTitle")} text={t("list.none")}>
            <a class="button" href="/admin/people">
              {t("list.clear")}
            </a>
          </EmptyState>
        )
      ) : (
        <PeopleTable view={view} people={page.rows} />
      )}
      <Pager view={view} page={page} timeless />
    </>
  );
}

function PeopleTable({ view, people }: { view: View; people: readonly PersonRow[] }) {
  const { language } = view;
  const t = peopleWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("people.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("people.email")}</th>
          <th scope="col">{t("people.state")}</th>
          <th scope="col">{t("people.name")}</th>
          <th scope="col">{t("people.role")}</th>
          <th scope="col" class="number">
            {t("people.sessions")}
          </th>
          <th scope="col">{t("people.lastSession")}</th>
          <th scope="col">{t("people.created")}</th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr>
            <th scope="row" data-label={t("people.email")}>
              <a href={`/admin/people/${encodeURIComponent(person.id)}`}>
                <bdi>{person.email}</bdi>
              </a>
            </th>
            <td data-label={t("people.state")} class="corner">
              <PersonState view={view} person={person} />
            </td>
            <td data-label={t("people.name")}>
              <bdi>{person.name}</bdi>
            </td>
            <td data-label={t("people.role")}>{t(`role.${person.role ?? "viewer"}`)}</td>
            <td data-label={t("people.sessions")} class="number">
              {formatCount(language, person.sessions)}
            </td>
            <td data-label={t("people.lastSession")}>
              <LastSession view={view} person={person} />
            </td>
            <td data-label={t("people.created")}>
              <Time at={person.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/**
 * Shows the last sign-in, or a later access through Cloudflare Access, which opens no session.
 */
function LastSession({ view, person }: { view: View; person: PersonRow }) {
  const t = peopleWords(view);
  const { lastSession, lastAccess } = person;
  const isAccess = (lastAccess ?? 0) > (lastSession ?? 0);
  const at = isAccess ? lastAccess : lastSession;
  return at === null ? null : (
    <>
      <Time at={at} />
      {isAccess && <span class="note"> {t("people.throughAccess")}</span>}
    </>
  );
}

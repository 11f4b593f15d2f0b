import { KEY_STATES, type KeyRow, type KeyState, stateOf } from "../../auth/keys/key-list";
import type { Page } from "../../http/paging";
import { DoneNotice } from "../shared/components/done-notice";
import { EmptyState } from "../shared/components/empty-state";
import { SelectField } from "../shared/components/field";
import { Filters } from "../shared/components/filters";
import { Notice } from "../shared/components/notice";
import { Pager } from "../shared/components/pager";
import { Time } from "../shared/components/time";
import type { KeyQuery } from "./key-query";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { keysWords } from "./words";

interface Listed {
  page: Page<KeyRow>;
  names: ReadonlyMap<string, string>;
  now: number;
}

interface KeyListPageProps {
  view: View;
  query: KeyQuery;
  /** `list` is null when the filters cannot be read. */
  list: Listed | null;
}

export function KeyListPage({ view, query, list }: KeyListPageProps) {
  const t = keysWords(view);
  const { typed, problems } = query;
  return (
    <Layout view={view} title={t("keys.title")}>
      <div class="heading">
        <h1>{t("keys.title")}</h1>
        <a class="button primary" href="/admin/keys/new">
          {t("keys.new")}
        </a>
      </div>
      <DoneNotice view={view} words={keysWords} keyOf={(done) => `keysDone.${done}`} />
      <Filters
        view={view}
        active={query.active}
        search={{
          value: typed.q,
          hint: t("keys.searchHint"),
          problem: problems.q && t(problems.q),
        }}
      >
        <SelectField
          id="state"
          label={t("keys.state")}
          value={typed.state}
          any={t("list.anyState")}
          options={KEY_STATES.map((value) => ({ value, label: t(`keys.state.${value}`) }))}
          problem={problems.state && t(problems.state)}
        />
      </Filters>
      {list === null ? (
        <Notice kind="bad">{t(problems.cursor ?? "list.badFilter")}</Notice>
      ) : (
        <KeyList view={view} query={query} list={list} />
      )}
    </Layout>
  );
}

function KeyList({ view, query, list }: { view: View; query: KeyQuery; list: Listed }) {
  const t = keysWords(view);
  const { page } = list;
  const isFiltered = query.active > 0 || query.typed.q !== "" || query.request.cursor !== null;
  if (page.rows.length === 0 && page.next === null) {
    return isFiltered ? (
      <EmptyState title={t("keys.noneTitle")} text={t("list.none")}>
        <a class="button" href="/admin/keys">
          {t("list.clear")}
        </a>
      </EmptyState>
    ) : (
      <EmptyState title={t("keys.emptyTitle")} text={t("keys.empty")} />
    );
  }
  return (
    <>
      <table class="rows">
        <caption class="unseen">{t("keys.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("keys.name")}</th>
            <th scope="col">{t("keys.state")}</th>
            <th scope="col">{t("keys.scopes")}</th>
            <th scope="col">{t("keys.lastUsed")}</th>
            <th scope="col">{t("keys.expires")}</th>
            <th scope="col">{t("keys.createdBy")}</th>
            <th scope="col">{t("keys.created")}</th>
            <th scope="col">
              <span class="unseen">{t("list.action")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {page.rows.map((key) => (
            <Row view={view} row={key} list={list} />
          ))}
        </tbody>
      </table>
      <Pager view={view} page={page} />
    </>
  );
}

const BADGES: Record<KeyState, string> = {
  active: "is-success",
  expired: "is-revoked",
  revoked: "is-revoked",
};

function Row({ view, row, list }: { view: View; row: KeyRow; list: Listed }) {
  const t = keysWords(view);
  const state = stateOf(row, list.now);
  return (
    <tr>
      <th scope="row" data-label={t("keys.name")}>
        <bdi>{row.name}</bdi>
        <br />
        <code class="note fine">{row.id}</code>
      </th>
      <td data-label={t("keys.state")} class="corner">
        <span class={`badge ${BADGES[state]}`}>{t(`keys.state.${state}`)}</span>
      </td>
      <td data-label={t("keys.scopes")}>
        <span class="scopes">
          {row.scopes.map((scope) => (
            <code>{scope}</code>
          ))}
        </span>
      </td>
      <td data-label={t("keys.lastUsed")}>
        {row.lastUsedAt === null ? t("keys.neverUsed") : <Time at={row.lastUsedAt} />}
      </td>
      <td data-label={t("keys.expires")}>
        {row.expiresAt === null ? t("list.never") : <Time at={row.expiresAt} />}
      </td>
      <td data-label={t("keys.createdBy")} class="tight">
        <bdi>{list.names.get(`user:${row.createdBy}`) ?? row.createdBy}</bdi>
      </td>
      <td data-label={t("keys.created")}>
        <Time at={row.createdAt} />
      </td>
      <td class="act">
        {state !== "revoked" && (
          <a class="button danger" href={`/admin/keys/${row.id}/revocation`}>
            {t("keys.revoke")}
          </a>
        )}
      </td>
    </tr>
  );
}

import { ROLES } from "../../caller";
import type { PersonRow } from "../../auth/people/people-list";
import type { SessionRow } from "../../auth/sessions/session-list";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../../auth/settings";
import { Fact, Facts } from "../shared/components/facts";
import { SelectField, InputField } from "../shared/components/field";
import { Notice } from "../shared/components/notice";
import { PersonState } from "./person-state";
import { SessionTable } from "./session-table";
import { Time } from "../shared/components/time";
import { type FormProblem, problemAt } from "./form-problem";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { DoneNotice } from "../shared/components/done-notice";
import { peopleWords } from "./words";

interface PersonPageProps {
  view: View;
  person: PersonRow;
  sessions: readonly SessionRow[];
  /** `own` is the id of the session of this request, if it has one. */
  own: string | null;
  problem?: FormProblem;
}

export function PersonPage({ view, person, sessions, own, problem }: PersonPageProps) {
  const t = peopleWords(view);
  const path = `/admin/people/${encodeURIComponent(person.id)}`;
  const isSelf = view.person?.id === person.id;
  return (
    <Layout view={view} title={person.email}>
      <div class="heading">
        <h1>
          <bdi>{person.email}</bdi> <PersonState view={view} person={person} />
        </h1>
        {!isSelf && <PersonActions view={view} person={person} path={path} />}
      </div>
      <DoneNotice view={view} words={peopleWords} keyOf={(done) => `peopleDone.${done}`} />
      {problem?.field === "form" && <Notice kind="bad">{t(problem.key)}</Notice>}
      <PersonFacts view={view} person={person} />
      {isSelf ? (
        <p class="note own-note">
          {t("people.self")} <a href="/admin/account">{t("nav.account")}</a>
        </p>
      ) : (
        <div class="forms">
          <RoleForm view={view} person={person} path={path} problem={problem} />
          <PasswordForm view={view} path={path} problem={problem} />
        </div>
      )}
      <section class="sessions-part" aria-labelledby="sessions">
        <div class="heading">
          <h2 id="sessions">{t("people.sessions")}</h2>
          {sessions.length > 0 && !isSelf && (
            <form method="post" action={`${path}/sessions/revocation`}>
              <button class="button">{t("people.revokeAll")}</button>
            </form>
          )}
        </div>
        <SessionTable
          view={view}
          sessions={sessions}
          own={own}
          actionOf={({ id }) => `${path}/sessions/${encodeURIComponent(id)}/revocation`}
        />
        <p class="note">{t("people.sessionsNote")}</p>
      </section>
    </Layout>
  );
}

function PersonActions({ view, person, path }: { view: View; person: PersonRow; path: string }) {
  const t = peopleWords(view);
  return (
    <div class="actions">
      {person.banned === 1 ? (
        <form method="post" action={`${path}/ban/end`}>
          <button class="button">{t("people.unban")}</button>
        </form>
      ) : (
        <a class="button danger" href={`${path}/ban`}>
          {t("people.ban")}
        </a>
      )}
      <a class="button danger" href={`${path}/removal`}>
        {t("people.remove")}
      </a>
    </div>
  );
}

function PersonFacts({ view, person }: { view: View; person: PersonRow }) {
  const t = peopleWords(view);
  const ways = [
    person.hasPassword === 1 && t("people.byPassword"),
    person.lastAccess !== null && t("people.byAccess"),
  ].filter(Boolean);
  return (
    <Facts>
      <Fact name={t("people.name")}>
        <bdi>{person.name}</bdi>
      </Fact>
      <Fact name={t("people.role")}>{t(`role.${person.role ?? "viewer"}`)}</Fact>
      <Fact name={t("people.signsIn")}>{ways.join(", ")}</Fact>
      <Fact name={t("people.created")}>
        <Time at={person.createdAt} />
      </Fact>
      {person.lastAccess !== null && (
        <Fact name={t("people.lastAccess")}>
          <Time at={person.lastAccess} />
        </Fact>
      )}
      {person.banned === 1 && (
        <>
          <Fact name={t("people.banReason")}>
            <bdi>{person.banReason}</bdi>
          </Fact>
          <Fact name={t("people.banEnds")}>
            {person.banExpires === null ? t("list.never") : <Time at={person.banExpires} />}
          </Fact>
        </>
      )}
    </Facts>
  );
}

interface PanelProps {
  view: View;
  path: string;
  problem?: FormProblem;
}

function RoleForm({ view, person, path, problem }: PanelProps & { person: PersonRow }) {
  const t = peopleWords(view);
  return (
    <form class="panel stacked" method="post" action={`${path}/role`}>
      <h2>{t("people.role")}</h2>
      <SelectField
        id="role"
        {...problemAt("role", problem, t)}
        label={t("people.role")}
        hint={t(person.lastAccess === null ? "people.rolesHint" : "people.accessRoleHint")}
        value={person.role ?? "viewer"}
        options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
      />
      <p class="actions">
        <button class="button primary">{t("people.setRole")}</button>
      </p>
    </form>
  );
}

function PasswordForm({ view, path, problem }: PanelProps) {
  const t = peopleWords(view);
  return (
    <form class="panel stacked" method="post" action={`${path}/password`}>
      <h2>{t("people.password")}</h2>
      <InputField
        id="newPassword"
        {...problemAt("newPassword", problem, t)}
        type="password"
        label={t("people.newPassword")}
        hint={t("people.passwordHint")}
        minlength={MIN_PASSWORD_LENGTH}
        maxlength={MAX_PASSWORD_LENGTH}
        autocomplete="new-password"
        required
      />
      <p class="note">{t("people.passwordNote")}</p>
      <p class="actions">
        <button class="button primary">{t("people.setPassword")}</button>
      </p>
    </form>
  );
}

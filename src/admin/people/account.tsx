import type { PersonRow } from "../../auth/people/people-list";
import type { SessionRow } from "../../auth/sessions/session-list";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../../auth/settings";
import { DoneNotice } from "../shared/components/done-notice";
import { Fact, Facts } from "../shared/components/facts";
import { InputField } from "../shared/components/field";
import { Notice } from "../shared/components/notice";
import { SessionTable } from "./session-table";
import { type FormProblem, problemAt } from "./form-problem";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { peopleWords } from "./words";

interface AccountPageProps {
  view: View;
  person: PersonRow;
  sessions: readonly SessionRow[];
  /** `own` is the id of the session of this request, if it has one. */
  own: string | null;
  problem?: FormProblem;
}

export function AccountPage({ view, person, sessions, own, problem }: AccountPageProps) {
  const t = peopleWords(view);
  const isVisitor = view.person?.accessUntil !== undefined;
  const role = view.person?.role ?? "viewer";
  return (
    <Layout view={view} title={t("nav.account")}>
      <h1>{t("nav.account")}</h1>
      <DoneNotice view={view} words={peopleWords} keyOf={(done) => `accountDone.${done}`} />
      {problem?.field === "form" && <Notice kind="bad">{t(problem.key)}</Notice>}
      <Facts>
        <Fact name={t("people.email")}>
          <bdi>{person.email}</bdi>
        </Fact>
        <Fact name={t("people.name")}>
          <bdi>{person.name}</bdi>
        </Fact>
        <Fact name={t("people.role")}>{t(`role.${role}`)}</Fact>
        <Fact name={t("account.may")}>{t(`account.may.${role}`)}</Fact>
      </Facts>
      {isVisitor && <p class="note own-note">{t("account.throughAccess")}</p>}
      {person.hasPassword === 1 && <PasswordForm view={view} problem={problem} />}
      <section class="sessions-part" aria-labelledby="sessions">
        <div class="heading">
          <h2 id="sessions">{t("account.sessions")}</h2>
          {sessions.some(({ id }) => id !== own) && (
            <form method="post" action="/admin/account/sessions/revocation">
              <button class="button">{t("account.revokeOthers")}</button>
            </form>
          )}
        </div>
        <SessionTable
          view={view}
          sessions={sessions}
          own={own}
          actionOf={({ id }) => `/admin/account/sessions/${encodeURIComponent(id)}/revocation`}
        />
        <p class="note">{t("people.sessionsNote")}</p>
      </section>
    </Layout>
  );
}

function PasswordForm({ view, problem }: { view: View; problem?: FormProblem }) {
  const t = peopleWords(view);
  const common = { type: "password", maxlength: MAX_PASSWORD_LENGTH } as const;
  return (
    <div class="forms">
      <form class="panel stacked" method="post" action="/admin/account/password">
        <h2>{t("account.changePassword")}</h2>
        <input type="hidden" name="username" value={view.person?.email} autocomplete="username" />
        <InputField
          id="currentPassword"
          {...common}
          {...problemAt("currentPassword", problem, t)}
          label={t("account.currentPassword")}
          autocomplete="current-password"
          required
        />
        <InputField
          id="newPassword"
          {...common}
          {...problemAt("newPassword", problem, t)}
          label={t("people.newPassword")}
          hint={t("people.passwordHint")}
          minlength={MIN_PASSWORD_LENGTH}
          autocomplete="new-password"
          required
        />
        <InputField
          id="repeated"
          {...common}
          {...problemAt("repeated", problem, t)}
          label={t("account.repeated")}
          minlength={MIN_PASSWORD_LENGTH}
          autocomplete="new-password"
          required
        />
        <p class="note">{t("account.passwordNote")}</p>
        <p class="actions">
          <button class="button primary">{t("account.changePassword")}</button>
        </p>
      </form>
    </div>
  );
}

import { ROLES } from "../../caller";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../../auth/settings";
import { SelectField, InputField } from "../shared/components/field";
import { type FormProblem, problemAt } from "./form-problem";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { peopleWords } from "./words";

interface NewPersonPageProps {
  view: View;
  typed?: { email: string; name: string; role: string };
  problem?: FormProblem;
}

export function NewPersonPage({ view, typed, problem }: NewPersonPageProps) {
  const t = peopleWords(view);
  return (
    <Layout view={view} title={t("people.new")}>
      <div class="narrow">
        <h1>{t("people.new")}</h1>
        <form class="stacked" method="post" action="/admin/people">
          <InputField
            id="email"
            {...problemAt("email", problem, t)}
            type="email"
            label={t("people.email")}
            value={typed?.email}
            maxlength={255}
            autocomplete="off"
            required
          />
          <InputField
            id="name"
            {...problemAt("name", problem, t)}
            type="text"
            label={t("people.name")}
            value={typed?.name}
            maxlength={255}
            autocomplete="off"
            required
          />
          <SelectField
            id="role"
            {...problemAt("role", problem, t)}
            label={t("people.role")}
            hint={t("people.rolesHint")}
            value={typed?.role ?? "viewer"}
            options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          />
          <InputField
            id="password"
            {...problemAt("password", problem, t)}
            type="password"
            label={t("people.initialPassword")}
            hint={t("people.passwordHint")}
            minlength={MIN_PASSWORD_LENGTH}
            maxlength={MAX_PASSWORD_LENGTH}
            autocomplete="new-password"
            required
          />
          <p class="actions">
            <button class="button primary">{t("people.create")}</button>
            <a class="button" href="/admin/people">
              {t("confirm.back")}
            </a>
          </p>
        </form>
      </div>
    </Layout>
  );
}

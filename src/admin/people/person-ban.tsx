import type { PersonRow } from "../../auth/people/people-list";
import { InputField } from "../shared/components/field";
import { type FormProblem, problemAt } from "./form-problem";
import type { View } from "../shared/view";
import { ConfirmPage } from "../shared/confirm";
import { peopleWords } from "./words";

interface BanPageProps {
  view: View;
  person: PersonRow;
  typed?: { reason: string; days: string };
  problem?: FormProblem;
}

const MAX_DAYS = 3650;

export function BanPage({ view, person, typed, problem }: BanPageProps) {
  const t = peopleWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("people.banTitle")}
      text={t("people.banText")}
      subject={person.email}
      submit={t("people.ban")}
      back={`/admin/people/${encodeURIComponent(person.id)}`}
      dangerous
      problem={problem?.field === "form" ? t(problem.key) : undefined}
    >
      <InputField
        id="reason"
        {...problemAt("reason", problem, t)}
        type="text"
        label={t("people.banReason")}
        hint={t("people.banReasonHint")}
        value={typed?.reason}
        maxlength={255}
      />
      <InputField
        id="days"
        {...problemAt("days", problem, t)}
        type="number"
        label={t("people.banDays")}
        hint={t("people.banDaysHint")}
        value={typed?.days}
        min={1}
        max={MAX_DAYS}
      />
    </ConfirmPage>
  );
}

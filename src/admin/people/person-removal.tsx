import type { PersonRow } from "../../auth/people/people-list";
import type { FormProblem } from "./form-problem";
import type { View } from "../shared/view";
import { ConfirmPage } from "../shared/confirm";
import { peopleWords } from "./words";

interface RemovePersonPageProps {
  view: View;
  person: PersonRow;
  problem?: FormProblem;
}

export function RemovePersonPage({ view, person, problem }: RemovePersonPageProps) {
  const t = peopleWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("people.removeTitle")}
      text={t(person.lastAccess === null ? "people.removeText" : "people.removeAccessText")}
      subject={person.email}
      submit={t("people.remove")}
      back={`/admin/people/${encodeURIComponent(person.id)}`}
      dangerous
      problem={problem && t(problem.key)}
    />
  );
}

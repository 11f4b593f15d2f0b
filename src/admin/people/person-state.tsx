import type { PersonRow } from "../../auth/people/people-list";
import type { View } from "../shared/view";
import { peopleWords } from "./words";

export function PersonState({ view, person }: { view: View; person: PersonRow }) {
  const t = peopleWords(view);
  return person.banned === 1 ? (
    <span class="badge is-failure">{t("people.banned")}</span>
  ) : (
    <span class="badge is-success">{t("people.active")}</span>
  );
}

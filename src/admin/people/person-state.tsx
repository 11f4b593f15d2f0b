import type { PersonRow } from "../../auth/people/people-list";
import type { View } from "../shared/view";

export function PersonState({ view, person }: { view: View; person: PersonRow }) {
  return person.banned === 1 ? (
    <span class="badge is-failure">{view.t("people.banned")}</span>
  ) : (
    <span class="badge is-success">{view.t("people.active")}</span>
  );
}

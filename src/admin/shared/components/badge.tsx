import type { Status } from "../../../tasks/model/states";
import type { View } from "../view";
import { sharedWords } from "../words";

/** Shows a state as a word; the stylesheet adds a sign and a colour. */
export function Badge({ view, status }: { view: View; status: Status }) {
  const t = sharedWords(view);
  return <span class={`badge is-${status.toLowerCase()}`}>{t(`status.${status}`)}</span>;
}
